package shop

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"

	orders "shop/gen/orders"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// OrderCancelled is told to whom it concerns.
type OrderCancelled struct {
	OrderID string `json:"order_id"`
	Reason  string `json:"reason"`
}

type service struct {
	mu   sync.Mutex
	kept map[string]*orders.Order
	bus  *nats.Conn
}

// NewOrders keeps orders in memory.
func NewOrders() orders.Service {
	bus, err := nats.Connect(os.Getenv("NATS_URL"))
	if err != nil {
		panic(err)
	}
	return &service{kept: map[string]*orders.Order{}, bus: bus}
}

// Create an order.
func (s *service) Create(_ context.Context, p *orders.CreatePayload) (*orders.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := &orders.Order{OrderID: uuid.NewString(), Title: p.Title}
	s.kept[order.OrderID] = order
	return order, nil
}

// Get an order.
func (s *service) Get(_ context.Context, p *orders.GetPayload) (*orders.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, ok := s.kept[p.OrderID]
	if !ok {
		return nil, orders.MakeNotFound(errors.New("there is no such order"))
	}
	return order, nil
}

// Cancel an order.
func (s *service) Cancel(_ context.Context, p *orders.CancelPayload) (*orders.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, ok := s.kept[p.OrderID]
	if !ok {
		return nil, orders.MakeNotFound(errors.New("there is no such order"))
	}
	cancelled := true
	order.Cancelled = &cancelled
	event, err := json.Marshal(OrderCancelled{OrderID: p.OrderID, Reason: p.Reason})
	if err != nil {
		return nil, err
	}
	return order, s.bus.Publish("evt.orders.order_cancelled.v1", event)
}
