"""What OpenAPI and AsyncAPI share: one root per document, views of its schemas, and the causes of a break."""
