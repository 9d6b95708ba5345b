/** Randomness as a port: the real adapter is the kernel's CSPRNG (buffered), the test one is seeded. */
export interface Random {
  /** `length` (1 … 65,536) unpredictable bytes, owned by the caller. */
  bytes(length: number): Buffer;
  /** A uniformly distributed integer, 0 ≤ n < `boundExclusive` (1 … 2^32). */
  integer(boundExclusive: number): number;
  /** `length` characters of `[0-9a-z]` for tags, branches and Call-IDs: cheap, about 5.17 bits a character. */
  token(length: number): string;
}
