import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { assert } from '../assert.ts';
import type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from '../ports/metrics.ts';

/** One exported line, as prom-client's registry asks for it. */
interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Kind = 'counter' | 'gauge' | 'histogram';

/** Label values come from inside, but a mistake must not eat the memory: past this many, one child takes the rest. */
const CHILDREN_MAX = 1_000;

/**
 * Metrics in a prom-client registry of their own. Values are plain numbers in small objects, so counting on a call path is one addition;
 * they become samples only when the text is asked for.
 */
export class PromMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #families = new Map<string, Family<Cell>>();

  constructor(options: { readonly withProcessMetrics?: boolean } = {}) {
    if (options.withProcessMetrics === true) collectDefaultMetrics({ register: this.#registry });
  }

  readonly contentType: string = this.#registry.contentType;

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  counter(definition: MetricDefinition): Counter {
    return this.#family<NumberCell>('counter', definition, (family) => new NumberCell(family)).root;
  }

  gauge(definition: MetricDefinition): Gauge {
    return this.#family<NumberCell>('gauge', definition, (family) => new NumberCell(family)).root;
  }

  histogram(definition: MetricDefinition & { readonly buckets: readonly number[] }): Histogram {
    return this.#family<HistogramCell>(
      'histogram',
      definition,
      (family) => new HistogramCell(family, definition.buckets),
    ).root;
  }

  #family<C extends Cell>(
    kind: Kind,
    definition: MetricDefinition,
    make: (family: Family<C>) => C,
  ): Family<C> {
    const known = this.#families.get(definition.name);
    assert(known === undefined || known.type === kind, `metric ${definition.name} is one kind only`);
    if (known !== undefined) return known as unknown as Family<C>;
    const family = new Family(kind, definition, make);
    this.#families.set(definition.name, family as unknown as Family<Cell>);
    // The registry asks of a metric only `name` and `get`; its own classes would hash the labels on each increment.
    this.#registry.registerMetric(family as unknown as Metric);
    return family;
  }
}

interface Cell {
  samples(name: string, labels: Readonly<Record<string, string>>): readonly Sample[];
}

/** A metric with its children by label values. */
class Family<C extends Cell> {
  readonly name: string;
  readonly type: Kind;
  readonly root: C;
  readonly #definition: MetricDefinition;
  readonly #labelNames: readonly string[];
  readonly #make: (family: Family<C>) => C;
  readonly #children = new Map<string, { readonly values: readonly string[]; readonly cell: C }>();

  constructor(type: Kind, definition: MetricDefinition, make: (family: Family<C>) => C) {
    this.name = definition.name;
    this.type = type;
    this.#definition = definition;
    this.#labelNames = definition.labelNames ?? [];
    this.#make = make;
    this.root = make(this);
  }

  child(values: readonly string[]): C {
    assert(
      values.length === this.#labelNames.length,
      `metric ${this.name} has ${this.#labelNames.length} labels`,
    );
    const key = values.join('\u0000');
    const known = this.#children.get(key);
    if (known !== undefined) return known.cell;
    const isOther = values.every((value) => value === 'other');
    if (this.#children.size >= CHILDREN_MAX && !isOther) return this.child(values.map(() => 'other'));
    const cell = this.#make(this);
    this.#children.set(key, { values, cell });
    return cell;
  }

  get(): Promise<object> {
    const values: Sample[] = [];
    if (this.#labelNames.length === 0) values.push(...this.root.samples(this.name, {}));
    for (const { values: labelValues, cell } of this.#children.values()) {
      const labels = Object.fromEntries(
        this.#labelNames.map((name, index) => [name, labelValues[index] ?? '']),
      );
      values.push(...cell.samples(this.name, labels));
    }
    return Promise.resolve({
      name: this.name,
      help: this.#definition.help,
      type: this.type,
      aggregator: 'sum',
      values,
    });
  }
}

class NumberCell implements Cell, Counter, Gauge {
  readonly #family: Family<NumberCell>;
  #value = 0;

  constructor(family: Family<NumberCell>) {
    this.#family = family;
  }

  add(amount = 1): void {
    this.#value += amount;
  }

  set(value: number): void {
    this.#value = value;
  }

  labels(...values: string[]): NumberCell {
    return this.#family.child(values);
  }

  samples(_name: string, labels: Readonly<Record<string, string>>): readonly Sample[] {
    return [{ labels, value: this.#value }];
  }
}

class HistogramCell implements Cell, Histogram {
  readonly #family: Family<HistogramCell>;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(family: Family<HistogramCell>, bounds: readonly number[]) {
    this.#family = family;
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  labels(...values: string[]): HistogramCell {
    return this.#family.child(values);
  }

  samples(name: string, labels: Readonly<Record<string, string>>): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((inBucket, index): Sample => {
      count += inBucket;
      const le = index < this.#bounds.length ? String(this.#bounds[index]) : '+Inf';
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
