// Package design says what the orders service offers.
package design

import . "goa.design/goa/v3/dsl"

var _ = API("shop", func() {
	Server("orders", func() {
		Host("localhost", func() {
			URI("http://localhost:8080")
			URI("grpc://localhost:9090")
		})
	})
})

var Order = Type("Order", func() {
	Field(1, "order_id", String, "Names the order.", func() { Format(FormatUUID) })
	Field(2, "title", String, "What it is called.", func() { MinLength(1); MaxLength(100) })
	Field(3, "cancelled", Boolean, "Whether it was cancelled.")
	Required("order_id", "title")
})

var _ = Service("orders", func() {
	Error("not_found")
	HTTP(func() { Response("not_found", StatusNotFound) })
	GRPC(func() { Response("not_found", CodeNotFound) })

	Method("create", func() {
		Payload(func() {
			Field(1, "title", String, "What it is called.", func() { MinLength(1); MaxLength(100) })
			Required("title")
		})
		Result(Order)
		HTTP(func() { POST("/v1/orders"); Response(StatusCreated) })
		GRPC(func() {})
	})
	Method("get", func() {
		Payload(func() {
			Field(1, "order_id", String, "Which order.")
			Required("order_id")
		})
		Result(Order)
		HTTP(func() { GET("/v1/orders/{order_id}") })
		GRPC(func() {})
	})
	Method("cancel", func() {
		Payload(func() {
			Field(1, "order_id", String, "Which order.")
			Field(2, "reason", String, "Why.")
			Required("order_id", "reason")
		})
		Result(Order)
		HTTP(func() { PUT("/v1/orders/{order_id}/cancellation") })
		GRPC(func() {})
	})
})
