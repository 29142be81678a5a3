import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import type { Key } from '../../definition/shape.ts'

declare const ABOUT: unique symbol

/** Something that every run of a workflow is to keep to, about the states it visits in their order. */
export interface Property<out S extends Key = Key> {
  /** The states it is about; for types. */
  readonly [ABOUT]?: S
  /** What it says, for people and tests. */
  readonly says: string
  readonly claim: Claim
}

/** A property as plain data. */
export type Claim =
  | { readonly kind: 'never'; readonly states: readonly Key[] }
  | {
      readonly kind: 'never-before' | 'never-after'
      readonly states: readonly Key[]
      readonly mark: readonly Key[]
    }
  | {
      readonly kind: 'after-next' | 'after-eventually'
      readonly mark: readonly Key[]
      readonly states: readonly Key[]
    }
  | { readonly kind: 'eventually'; readonly states: readonly Key[] }
  | { readonly kind: 'at-most'; readonly times: number; readonly states: readonly Key[] }

/** {@link never}: a property as it is, or the beginning of one. */
export interface Never<out S extends Key> extends Property<S> {
  /** Not visited as long as none of these was. */
  before<T extends Key>(...states: readonly [T, ...T[]]): Property<S | T>
  /** Not visited any more once one of these was. */
  after<T extends Key>(...states: readonly [T, ...T[]]): Property<S | T>
}

/** {@link after}: the beginning of a property. */
export interface After<out S extends Key> {
  /** Later one of these is visited, each time. */
  eventually<T extends Key>(...states: readonly [T, ...T[]]): Property<S | T>
  /** What is visited next is one of these, each time. */
  next<T extends Key>(...states: readonly [T, ...T[]]): Property<S | T>
}

/**
 * No run visits any of these states; or, with `.before(...)` and `.after(...)`, not before or after others.
 *
 * @example
 * never(State.Paid).before(State.Approved)
 */
export function never<S extends Key>(...states: readonly [S, ...S[]]): Never<S> {
  return {
    ...property({ kind: 'never', states }),
    before: (...mark) => property({ kind: 'never-before', states, mark }),
    after: (...mark) => property({ kind: 'never-after', states, mark }),
  }
}

/**
 * What follows a visit of one of these states.
 *
 * @example
 * after(State.Charged).eventually(State.Shipped, State.Refunded)
 * after(State.Drafted).next(State.Reviewed)
 */
export function after<S extends Key>(...mark: readonly [S, ...S[]]): After<S> {
  return {
    eventually: (...states) => property({ kind: 'after-eventually', mark, states }),
    next: (...states) => property({ kind: 'after-next', mark, states }),
  }
}

/**
 * Every run visits one of these states.
 *
 * @example
 * eventually(State.Closed, State.Escalated)
 */
export function eventually<S extends Key>(...states: readonly [S, ...S[]]): Property<S> {
  return property({ kind: 'eventually', states })
}

/**
 * A run visits these states so many times in all, or fewer.
 *
 * @throws StepwrightError `invalid-options` for a number that is not whole, or less than 0.
 * @example
 * atMost(3, State.Drafted)
 */
export function atMost<S extends Key>(times: number, ...states: readonly [S, ...S[]]): Property<S> {
  if (!Number.isSafeInteger(times) || times < 0)
    throw new StepwrightError('invalid-options', {
      what: `atMost is given ${quote(times)}`,
      remedy: 'Give a whole number of 0 or more',
    })
  return property({ kind: 'at-most', times, states })
}

function property<S extends Key>(claim: Claim): Property<S> {
  return { says: sayClaim(claim), claim }
}

/** A claim as it is written. */
export function sayClaim(claim: Claim, nameOf: (state: Key) => string = String): string {
  const list = (states: readonly Key[]): string => states.map(nameOf).join(', ')
  const states = list(claim.states)
  switch (claim.kind) {
    case 'never':
      return `never(${states})`
    case 'never-before':
      return `never(${states}).before(${list(claim.mark)})`
    case 'never-after':
      return `never(${states}).after(${list(claim.mark)})`
    case 'after-next':
      return `after(${list(claim.mark)}).next(${states})`
    case 'after-eventually':
      return `after(${list(claim.mark)}).eventually(${states})`
    case 'eventually':
      return `eventually(${states})`
    case 'at-most':
      return `atMost(${claim.times}, ${states})`
  }
}
