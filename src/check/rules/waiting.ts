import { awaitedBy } from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import { closest } from './likeness.ts'
import { anchorOf, sayAll, type Rule } from './rule.ts'

export const waitWithoutExpiry: Rule = {
  code: 'wait-without-expiry',
  why: 'When nobody answers, nobody notices: the run stands there for as long as its store lasts.',
  find: (chart) =>
    chart.definition.deadlineMs !== undefined
      ? []
      : chart.states
          .filter(
            (state) =>
              state.kind === 'wait' &&
              state.on.size > 0 &&
              !state.expires &&
              state.reminders.length === 0 &&
              chart.reached.has(state.name),
          )
          .map((state) => ({
            states: [state.name],
            at: anchorOf(state),
            path: chart.pathTo(state.name),
            message: `${quote(state.name)} waits for ${sayAll([...awaitedBy(state).keys()])} without an end`,
            remedy: 'Give it expires: { after, to, with }, a @reminder, or the workflow a deadline',
          })),
}

export const unheardSignal: Rule = {
  code: 'unheard-signal',
  why: 'It can be sent and is kept, and never moves a run.',
  find({ states, definition }) {
    const heard = new Set(states.flatMap((state) => [...awaitedBy(state).keys()]))
    return [...definition.signals.keys()]
      .filter((signal) => !heard.has(signal))
      .map((signal) => {
        const meant = closest(signal, heard)
        return {
          states: [],
          at: { signal },
          path: [],
          message: `No state awaits the signal ${quote(signal)}`,
          remedy: meant
            ? `Is it ${quote(meant)}, which differs by a letter? Await it in "on", or remove it from signals`
            : 'Await it in "on" of a @wait or @child, or remove it from signals',
        }
      })
  },
}

export const impossibleJoin: Rule = {
  code: 'impossible-join',
  why: 'The state fails for good each time, whatever its branches do.',
  find: (chart) =>
    chart.states.flatMap((state) =>
      state.kind === 'parallel' && typeof state.join === 'number' && state.join > state.branches.size
        ? [
            {
              states: [state.name],
              at: anchorOf(state),
              path: chart.pathTo(state.name),
              message: `${quote(state.name)} joins when ${state.join} branches have succeeded, and has ${state.branches.size}`,
              remedy: `Let it join at ${state.branches.size} or fewer, or add the branches`,
            },
          ]
        : [],
    ),
}
