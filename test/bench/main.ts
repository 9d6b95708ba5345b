import { startLab } from './lab-under-test.ts';
import { messageUs } from './message-bench.ts';
import { PhoneFleet } from './phone-fleet.ts';

const HOST = '127.0.41.1';
const NETWORK = 41;
const isQuick = process.argv.includes('--quick');
const USER_COUNT = isQuick ? 200 : 1_000;
const CALL_COUNT = isQuick ? 500 : 3_000;
const RUN_COUNT = isQuick ? 3 : 7;
const WINDOW = 16;

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

const message = spread(Array.from({ length: RUN_COUNT + 2 }, () => messageUs(20_000)).slice(2));
show('message (parse + edit + serialise)', message);

const lab = await startLab(HOST, USER_COUNT, process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []);
const fleet = await PhoneFleet.open(USER_COUNT, NETWORK, HOST);
await fleet.registerAll(WINDOW); // warm-up
await fleet.callAll(CALL_COUNT / 2, WINDOW);
const registration = await measure(USER_COUNT, () => fleet.registerAll(WINDOW));
show('re-registration (REGISTER, 401, REGISTER, 200)', registration);
const call = await measure(CALL_COUNT, () => fleet.callAll(CALL_COUNT, WINDOW));
show('call (INVITE, 180, 200, ACK, BYE, 200)', call);
await fleet.close();
await lab.stop();

console.log(
  JSON.stringify({
    registrationCpuUs: registration.median,
    callCpuUs: call.median,
    messageUs: message.median,
  }),
);

/** CPU of the lab's process per operation, over all runs. */
async function measure(operationCount: number, run: () => Promise<void>): Promise<Spread> {
  const figures: number[] = [];
  for (let i = 0; i < RUN_COUNT; i += 1) {
    const before = lab.cpuUs();
    await run();
    figures.push((lab.cpuUs() - before) / operationCount);
  }
  return spread(figures);
}

function spread(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b).map((figure) => Number(figure.toFixed(2)));
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

function show(name: string, { min, median, max }: Spread): void {
  console.log(`${name.padEnd(46)} CPU µs: min ${min}  median ${median}  max ${max}  (${RUN_COUNT} runs)`);
}
