//! Typed events to metrics and logs; the only place that names a metric.
