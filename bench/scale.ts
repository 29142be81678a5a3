/** How much is measured. `small` shows in seconds that a bench works, and its figures mean nothing; `large` parks a million runs. */
export type Scale = 'small' | 'full' | 'large'
