/**
 * Counters, gauges and histograms, exported as Prometheus text. A metric is created once at wiring time, and its label values
 * are bound once (`labels`), so that an increment on a call path is one addition.
 */
export interface Metrics {
  counter(definition: MetricDefinition): Counter;
  gauge(definition: MetricDefinition): Gauge;
  histogram(definition: MetricDefinition & { readonly buckets: readonly number[] }): Histogram;
}

export interface MetricDefinition {
  /** Prometheus name with its unit, e.g. `sip_requests_received_total`. Asking for one twice yields the same metric. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

export interface Counter {
  add(amount?: number): void;
  /** The child with these label values, in the order of `labelNames`. Keep it: looking it up costs a Map access. */
  labels(...values: string[]): Counter;
}

export interface Gauge {
  set(value: number): void;
  add(amount: number): void;
  labels(...values: string[]): Gauge;
}

export interface Histogram {
  observe(value: number): void;
  labels(...values: string[]): Histogram;
}
