package shop

import (
	"context"
	"errors"
	"sync"

	orders "shop/gen/orders"

	"github.com/google/uuid"
)

type service struct {
	mu   sync.Mutex
	kept map[string]*orders.Order
}

// NewOrders keeps orders in memory.
func NewOrders() orders.Service {
	return &service{kept: map[string]*orders.Order{}}
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
