// Package status shows an operator how the service is: a page, metrics for Prometheus, and
// whether this process is ready.
package status

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// Metrics are those of one process, and of the whole service as the database has it. No label
// names a user or a mailbox.
type Metrics struct {
	Registry *prometheus.Registry

	commands *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	items    *prometheus.CounterVec
	renewals prometheus.Counter
}

// NewMetrics returns metrics. waiting returns how many requests of this process wait for
// changes, and for how many slots.
func NewMetrics(s *store.Store, waiting func() (requests, slots int)) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "provision_commands_total", Help: "Requests to ActiveSync servers, by command and HTTP status (0: no response)."}, []string{"command", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "provision_command_seconds", Help: "Time to the last byte, without Ping.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 30}}, []string{"command"}),
		bytes:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "provision_bytes_total", Help: "Bytes of bodies, by direction."}, []string{"direction"}),
		items:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "provision_items_total", Help: "Items that came, changed or went, by class."}, []string{"class"}),
		renewals: prometheus.NewCounter(prometheus.CounterOpts{Name: "provision_renewals_total", Help: "Access tokens that this process renewed."}),
	}
	m.Registry.MustRegister(m.commands, m.seconds, m.bytes, m.items, m.renewals, &summary{store: s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "provision_waiting", Help: "Requests of this process that wait for changes."},
			func() float64 { n, _ := waiting(); return float64(n) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "provision_slots", Help: "Slots that this process owns."},
			func() float64 { _, n := waiting(); return float64(n) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "provision_statements_total", Help: "Statements that this process sent to PostgreSQL."},
			func() float64 { return float64(s.Statements()) }))
	return m
}

// Observe counts a request to a server.
func (m *Metrics) Observe(o eas.Observation) {
	m.commands.WithLabelValues(o.Command, strconv.Itoa(o.HTTPStatus)).Inc()
	if o.Command != "Ping" {
		m.seconds.WithLabelValues(o.Command).Observe(o.Duration.Seconds())
	}
	m.bytes.WithLabelValues("sent").Add(float64(o.Sent))
	m.bytes.WithLabelValues("received").Add(float64(o.Received))
}

// Stored counts items.
func (m *Metrics) Stored(class eas.Class, n int) {
	m.items.WithLabelValues(string(class)).Add(float64(n))
}

// Renewed counts a renewal.
func (m *Metrics) Renewed() { m.renewals.Inc() }

// A summary collects what the database says of all processes.
type summary struct{ store *store.Store }

var (
	mailboxes = prometheus.NewDesc("provision_mailboxes", "Mailboxes, by state.", []string{"state"}, nil)
	failing   = prometheus.NewDesc("provision_failing", "Mailboxes that are not in step.", nil, nil)
	due       = prometheus.NewDesc("provision_due", "Mailboxes with work that waits.", nil, nil)
	lag       = prometheus.NewDesc("provision_lag_seconds", "How long the oldest work has waited.", nil, nil)
)

func (c *summary) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{mailboxes, failing, due, lag} {
		ch <- d
	}
}

func (c *summary) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	sum, err := c.store.Summarize(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(mailboxes, err)
		return
	}
	for _, s := range []store.State{store.Creating, store.Active, store.Paused, store.SignIn, store.Wiped} {
		ch <- prometheus.MustNewConstMetric(mailboxes, prometheus.GaugeValue, float64(sum.States[s]), string(s))
	}
	ch <- prometheus.MustNewConstMetric(failing, prometheus.GaugeValue, float64(sum.Failing))
	ch <- prometheus.MustNewConstMetric(due, prometheus.GaugeValue, float64(sum.Due))
	ch <- prometheus.MustNewConstMetric(lag, prometheus.GaugeValue, sum.Lag(time.Now()).Seconds())
}
