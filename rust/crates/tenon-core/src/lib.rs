//! `tenon_core`: what Rust and Python compute alike, for Python's hot paths. The definitions are `tenon_service`'s.
//!
//! Optional: `tenon_runtime.native` has each of them in Python too. Sans-IO: values in, values out, no state.

mod build;

use pyo3::prelude::*;

/// What Rust and Python compute alike; see `tenon_runtime.native`.
#[pymodule]
mod tenon_core {
    use std::borrow::Cow;

    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;
    use pyo3::types::{PyBytes, PyString};
    use tenon_service::{Timeout, Traceparent, escape, json};

    use crate::build::Objects;

    /// Raised by one with every change that Python can see; `tenon_runtime.native` leaves another one's alone.
    #[pymodule_export]
    const EDITION: u32 = 1;

    /// The shard of a distribution key.
    #[pyfunction]
    fn slot_of(dist_key: &str) -> u64 {
        tenon_service::slot_of(dist_key)
    }

    /// Trace id, parent id and flags of a valid header.
    #[pyfunction]
    fn traceparent(header: &Bound<'_, PyString>) -> Option<(String, String, u8)> {
        // Lone surrogates, which are no text to Rust, become marks that are as little a part of an id.
        let header = header.to_string_lossy();
        let read = Traceparent::parse(&header)?;
        Some((
            read.trace_id.into(),
            read.parent_id.into(),
            read.sampled.into(),
        ))
    }

    /// Seconds of `grpc-timeout` or, without `grpc`, of `connect-timeout-ms`.
    #[pyfunction]
    fn timeout_seconds(header: &[u8], grpc: bool) -> Option<f64> {
        let kind = if grpc {
            Timeout::Grpc
        } else {
            Timeout::Connect
        };
        kind.seconds(header)
    }

    /// A key as the header `ce-subject`.
    #[pyfunction]
    fn escape_subject(key: &str) -> Cow<'_, str> {
        escape::subject(key)
    }

    /// The key that a header `ce-subject` holds.
    #[pyfunction]
    fn key_of_subject<'py>(subject: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let py = subject.py();
        match subject.to_str() {
            Ok(text) => Ok(PyString::new(py, &escape::key(text)).into_any()),
            // Lone surrogates are no text to Rust.
            Err(_) => py
                .import("urllib.parse")?
                .call_method1("unquote", (subject,)),
        }
    }

    /// A name as one part of a JSON pointer.
    #[pyfunction]
    fn escape_pointer(name: &str) -> Cow<'_, str> {
        escape::pointer(name)
    }

    /// The value of a strict JSON text. Raises ValueError for every other text, and for numbers beyond 64 bits.
    #[pyfunction]
    fn parse_json<'py>(text: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyAny>> {
        json::parse(text.as_bytes(), &Objects(text.py()))
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }
}
