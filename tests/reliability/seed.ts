/** Another one each time; `SEED=7 npm run reliability -- R1` does the same again. */
export const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
