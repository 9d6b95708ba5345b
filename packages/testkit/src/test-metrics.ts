import type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from '@clearwater/platform';

/** Metrics whose values a test can read back. */
export class TestMetrics implements Metrics {
  readonly #cells = new Map<string, TestCell>();

  /** The value of a counter or gauge, or how many values a histogram saw; 0 when it was never touched. */
  value(name: string, ...labels: string[]): number {
    return this.#cells.get(keyOf(name, labels))?.value ?? 0;
  }

  /** What a histogram observed, in order. */
  observed(name: string, ...labels: string[]): readonly number[] {
    return this.#cells.get(keyOf(name, labels))?.observations ?? [];
  }

  counter(definition: MetricDefinition): Counter {
    return this.#cell(definition.name, []);
  }

  gauge(definition: MetricDefinition): Gauge {
    return this.#cell(definition.name, []);
  }

  histogram(definition: MetricDefinition): Histogram {
    return this.#cell(definition.name, []);
  }

  #cell(name: string, labels: readonly string[]): TestCell {
    const key = keyOf(name, labels);
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const cell = new TestCell((...values) => this.#cell(name, values));
    this.#cells.set(key, cell);
    return cell;
  }
}

class TestCell implements Counter, Gauge, Histogram {
  readonly labels: (...values: string[]) => TestCell;
  readonly observations: number[] = [];
  value = 0;

  constructor(labels: (...values: string[]) => TestCell) {
    this.labels = labels;
  }

  add(amount = 1): void {
    this.value += amount;
  }

  set(value: number): void {
    this.value = value;
  }

  observe(value: number): void {
    this.value += 1;
    this.observations.push(value);
  }
}

function keyOf(name: string, labels: readonly string[]): string {
  return [name, ...labels].join('\u0000');
}
