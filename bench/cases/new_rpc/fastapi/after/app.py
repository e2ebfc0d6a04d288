import asyncio
import os
import uuid

import grpc
import nats
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

import orders_pb2 as pb
import orders_pb2_grpc as rpc

KEPT: dict[str, pb.Order] = {}
app = FastAPI()


class NewOrder(BaseModel):
    title: str = Field(min_length=1, max_length=100)


class Cancellation(BaseModel):
    reason: str


class Order(BaseModel):
    orderId: str
    title: str
    cancelled: bool


def as_json(order: pb.Order) -> Order:
    return Order(orderId=order.order_id, title=order.title, cancelled=order.cancelled)


def create(title: str) -> pb.Order:
    order = pb.Order(order_id=str(uuid.uuid4()), title=title)
    KEPT[order.order_id] = order
    return order


async def cancel(order_id: str, reason: str) -> pb.Order:
    order = KEPT[order_id]
    order.cancelled = True
    event = pb.OrderCancelled(order_id=order_id, reason=reason)
    await app.state.bus.publish("evt.orders.order_cancelled.v1", event.SerializeToString())
    return order


@app.post("/v1/orders", status_code=201)
async def create_order(body: NewOrder) -> Order:
    return as_json(create(body.title))


@app.get("/v1/orders/{order_id}")
async def get_order(order_id: str) -> Order:
    if order_id not in KEPT:
        raise HTTPException(404, "there is no such order")
    return as_json(KEPT[order_id])


@app.put("/v1/orders/{order_id}/cancellation")
async def cancel_order(order_id: str, body: Cancellation) -> Order:
    if order_id not in KEPT:
        raise HTTPException(404, "there is no such order")
    return as_json(await cancel(order_id, body.reason))


class OrdersService(rpc.OrdersServiceServicer):
    async def CreateOrder(self, request, context):
        if not 1 <= len(request.title) <= 100:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a title has 1 to 100 characters")
        return pb.CreateOrderResponse(order=create(request.title))

    async def GetOrder(self, request, context):
        if request.order_id not in KEPT:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such order")
        return pb.GetOrderResponse(order=KEPT[request.order_id])

    async def CancelOrder(self, request, context):
        if request.order_id not in KEPT:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such order")
        return pb.CancelOrderResponse(order=await cancel(request.order_id, request.reason))


async def main() -> None:
    app.state.bus = await nats.connect(os.environ["NATS_URL"])
    server = grpc.aio.server()
    rpc.add_OrdersServiceServicer_to_server(OrdersService(), server)
    server.add_insecure_port(f"127.0.0.1:{os.environ['GRPC_PORT']}")
    await server.start()
    config = uvicorn.Config(app, port=int(os.environ["HTTP_PORT"]), log_level="warning")
    await uvicorn.Server(config).serve()


asyncio.run(main())
