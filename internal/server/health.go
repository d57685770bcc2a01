package server

import (
	"context"
	"net/http"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// healthy serves GET /healthz: the program is alive.
func (s *Server) healthy(*viewer.Call) (any, error) {
	return rest.Bytes{Type: "text/plain; charset=utf-8", Body: []byte("OK")}, nil
}

// minFree is how much room the data folder must have, in bytes: below it a write may fail at any moment.
const minFree = 64 << 20

// ready serves GET /readyz: requests can be answered now.
func (s *Server) ready(c *viewer.Call) (any, error) {
	if s.stopping.Load() {
		return nil, fault.New(fault.Unavailable, "The server is shutting down")
	}
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
	defer cancel()
	if _, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM settings`); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The database does not answer")
	}
	free, err := freeSpace(s.config.Data)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The data folder cannot be looked at")
	}
	if free < minFree {
		return nil, fault.New(fault.Unavailable, "The disk of the data folder is full")
	}
	return rest.Bytes{Type: "text/plain; charset=utf-8", Body: []byte("OK")}, nil
}

// metricsHandler serves /metrics, off the public port.
func (s *Server) metricsHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &meter{s})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// meter tells of the queues and the database.
type meter struct{ server *Server }

var (
	queryCount       = prometheus.NewDesc("anancus_sql_statements_total", "SQL statements run.", nil, nil)
	effectsDepth     = prometheus.NewDesc("anancus_effects_waiting", "Events with durable effects still to do.", []string{"class"}, nil)
	effectsAge       = prometheus.NewDesc("anancus_effects_age_seconds", "Age of the oldest one that is due.", []string{"class"}, nil)
	effectsFailing   = prometheus.NewDesc("anancus_effects_failing", "Of those waiting, the ones that failed and are tried again later.", []string{"class"}, nil)
	effectsFailed    = prometheus.NewDesc("anancus_effects_failed", "Those that were given up after all attempts, kept for 30 days.", []string{"class"}, nil)
	deliveryDepth    = prometheus.NewDesc("anancus_deliveries_waiting", "Deliveries to other servers still to do.", nil, nil)
	deliveryAnswers  = prometheus.NewDesc("anancus_deliveries_total", "Deliveries tried since the start: accepted, refused for good, or failed and tried again later.", []string{"answer"}, nil)
	deliveryTroubles = prometheus.NewDesc("anancus_delivery_hosts", "Other servers that deliveries fail to: failing now, or unavailable after a week of failures.", []string{"state"}, nil)
	deliveryAge      = prometheus.NewDesc("anancus_deliveries_age_seconds", "Age of the oldest delivery.", nil, nil)
	pushDepth        = prometheus.NewDesc("anancus_pushes_waiting", "Notifications on their way to push services.", nil, nil)
	pushAge          = prometheus.NewDesc("anancus_pushes_age_seconds", "Age of the oldest of these.", nil, nil)
	pushCount        = prometheus.NewDesc("anancus_pushes_total", "Attempts to push: taken by the push service, ended (no subscription any more), failed (tried again), lost (given up).", []string{"result"}, nil)
	inboxDepth       = prometheus.NewDesc("anancus_inbox_waiting", "Received activities still to process.", nil, nil)
	openFeeds        = prometheus.NewDesc("anancus_open_feeds", "Home feeds in memory.", nil, nil)
	openStreams      = prometheus.NewDesc("anancus_open_streams", "Streams that members have open.", nil, nil)
	streamPayloads   = prometheus.NewDesc("anancus_stream_payloads_total", "Events encoded for streams.", nil, nil)
)

// Describe names the metrics.
func (m *meter) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queryCount, effectsDepth, effectsAge, effectsFailing, effectsFailed, deliveryDepth, deliveryAge, deliveryAnswers, deliveryTroubles, pushDepth, pushAge, pushCount, inboxDepth, openFeeds, openStreams, streamPayloads} {
		ch <- d
	}
}

// Collect reads them. What cannot be read is left out and logged.
func (m *meter) Collect(ch chan<- prometheus.Metric) {
	s := m.server
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ch <- prometheus.MustNewConstMetric(queryCount, prometheus.CounterValue, float64(s.db.Queries()))
	ch <- prometheus.MustNewConstMetric(openFeeds, prometheus.GaugeValue, float64(s.timelines.Open()))
	ch <- prometheus.MustNewConstMetric(openStreams, prometheus.GaugeValue, float64(s.streaming.Open()))
	ch <- prometheus.MustNewConstMetric(streamPayloads, prometheus.CounterValue, float64(s.streaming.Encoded()))
	if stats, err := s.bus.Stats(ctx); err != nil {
		s.log.Warn("effects could not be counted", "error", err)
	} else {
		for _, one := range stats {
			ch <- prometheus.MustNewConstMetric(effectsDepth, prometheus.GaugeValue, float64(one.Depth), string(one.Class))
			ch <- prometheus.MustNewConstMetric(effectsFailing, prometheus.GaugeValue, float64(one.Waiting), string(one.Class))
			ch <- prometheus.MustNewConstMetric(effectsFailed, prometheus.GaugeValue, float64(one.Failed), string(one.Class))
			ch <- prometheus.MustNewConstMetric(effectsAge, prometheus.GaugeValue, one.Age.Seconds(), string(one.Class))
		}
	}
	if rows, age, err := s.courier.Waiting(ctx); err != nil {
		s.log.Warn("deliveries could not be counted", "error", err)
	} else {
		ch <- prometheus.MustNewConstMetric(deliveryDepth, prometheus.GaugeValue, float64(rows))
		ch <- prometheus.MustNewConstMetric(deliveryAge, prometheus.GaugeValue, age.Seconds())
	}
	accepted, refused, failed := s.courier.Counts()
	for answer, n := range map[string]int64{"accepted": accepted, "refused": refused, "failed": failed} {
		ch <- prometheus.MustNewConstMetric(deliveryAnswers, prometheus.CounterValue, float64(n), answer)
	}
	if failing, unavailable, err := s.courier.Troubled(ctx); err != nil {
		s.log.Warn("servers that deliveries fail to could not be counted", "error", err)
	} else {
		ch <- prometheus.MustNewConstMetric(deliveryTroubles, prometheus.GaugeValue, float64(failing), "failing")
		ch <- prometheus.MustNewConstMetric(deliveryTroubles, prometheus.GaugeValue, float64(unavailable), "unavailable")
	}
	for result, n := range s.pusher.Counts() {
		ch <- prometheus.MustNewConstMetric(pushCount, prometheus.CounterValue, float64(n), result.String())
	}
	if rows, age, err := s.pusher.Waiting(ctx); err != nil {
		s.log.Warn("pushes could not be counted", "error", err)
	} else {
		ch <- prometheus.MustNewConstMetric(pushDepth, prometheus.GaugeValue, float64(rows))
		ch <- prometheus.MustNewConstMetric(pushAge, prometheus.GaugeValue, age.Seconds())
	}
	if n, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM inbox WHERE failed_at IS NULL`); err != nil {
		s.log.Warn("received activities could not be counted", "error", err)
	} else {
		ch <- prometheus.MustNewConstMetric(inboxDepth, prometheus.GaugeValue, float64(n))
	}
}
