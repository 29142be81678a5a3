/** Who asks, as the application says it: proving it is the application's, or its server's. */
export interface Caller {
  readonly id: string
  readonly roles?: readonly string[]
  readonly tenant?: string
}
