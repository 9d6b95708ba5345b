/**
 * Runs `work` for 0 … count − 1, at most `width` at a time, and hands each result over in order. Starts nothing more once `take`
 * answers false, and ends when what was started has ended. `work` must not reject.
 */
export async function inOrder<T>(
  { count, width }: { readonly count: number; readonly width: number },
  work: (index: number) => Promise<T>,
  take: (result: T, index: number) => boolean,
): Promise<void> {
  const running: Promise<T>[] = [];
  let takenCount = 0;
  let isGoingOn: boolean = true;
  for (let startedCount = 0; startedCount < count || running.length > 0; ) {
    if (isGoingOn && startedCount < count && running.length < width) {
      running.push(work(startedCount));
      startedCount += 1;
      continue;
    }
    const oldest = running.shift();
    if (oldest === undefined) return;
    const result = await oldest;
    if (isGoingOn) isGoingOn = take(result, takenCount);
    takenCount += 1;
  }
}
