use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use tenon_service::json::Build;

/// Makes the objects that Python's `json` makes.
pub(crate) struct Objects<'py>(pub(crate) Python<'py>);

impl<'py> Build for Objects<'py> {
    type Value = Bound<'py, PyAny>;
    type Object = (Bound<'py, PyDict>, usize);
    type Error = PyErr;

    fn null(&self) -> Self::Value {
        self.0.None().into_bound(self.0)
    }

    fn boolean(&self, value: bool) -> Self::Value {
        PyBool::new(self.0, value).to_owned().into_any()
    }

    fn integer(&self, value: i64) -> Self::Value {
        PyInt::new(self.0, value).into_any()
    }

    fn float(&self, value: f64) -> Self::Value {
        PyFloat::new(self.0, value).into_any()
    }

    fn string(&self, value: &str) -> Self::Value {
        PyString::new(self.0, value).into_any()
    }

    fn array(&self, values: Vec<Self::Value>) -> PyResult<Self::Value> {
        Ok(PyList::new(self.0, values)?.into_any())
    }

    fn object(&self) -> Self::Object {
        (PyDict::new(self.0), 0)
    }

    fn insert(
        &self,
        (members, count): &mut Self::Object,
        key: Self::Value,
        value: Self::Value,
    ) -> PyResult<bool> {
        members.set_item(key, value)?;
        *count += 1;
        Ok(members.len() == *count)
    }

    fn filled(&self, (members, _): Self::Object) -> Self::Value {
        members.into_any()
    }
}
