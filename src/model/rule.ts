/** How bad a finding is: an error is a run that goes wrong, a warning one that may, a note something to know. */
export type Severity = 'error' | 'warning' | 'note'

/** What `check` looks for, with how bad it is unless one says otherwise. Each has a section in `docs/check.md`. */
export const RULES = {
  'invalid-definition': { severity: 'error', about: 'The class is refused when it is loaded.' },
  unreachable: { severity: 'error', about: 'No path leads to the state.' },
  'dead-end': { severity: 'error', about: 'The state is not final, and nothing leads out of it.' },
  'no-end': { severity: 'error', about: 'No final state can be reached from the state.' },
  'visits-circle': { severity: 'error', about: 'Bounds of visits lead round in a circle.' },
  'impossible-join': { severity: 'error', about: 'The join waits for more branches than there are.' },
  'endless-loop': { severity: 'warning', about: 'Only a failure leads out of the loop.' },
  'unbounded-loop': { severity: 'note', about: 'Only its handlers end the loop: no bound of visits does.' },
  'idle-bound': {
    severity: 'note',
    about: 'The bound of visits never counts: nothing enters the state twice.',
  },
  'wait-without-expiry': { severity: 'warning', about: 'The state may wait for ever, and reminds nobody.' },
  'unheard-signal': { severity: 'warning', about: 'No state awaits the signal.' },
  'similar-names': { severity: 'note', about: 'Two names differ by one letter.' },
  'dead-catch': { severity: 'warning', about: 'The edge never catches: an earlier one takes its errors.' },
  'uncompensated-effect': {
    severity: 'warning',
    about: 'What was done stays done when the run fails later.',
  },
  'unsaid-effect': {
    severity: 'note',
    about: 'Other states are undone when the run fails, and this one does not say what it does.',
  },
  'early-irreversible': {
    severity: 'warning',
    about: 'What cannot be undone is done before a step that may fail, and nobody approves in between.',
  },
  'retried-effect': { severity: 'warning', about: 'What cannot be undone may be done twice by a retry.' },
  'unused-target': { severity: 'warning', about: 'No return of the handler goes to a declared target.' },
  'undeclared-target': { severity: 'error', about: 'The handler goes where it does not declare to go.' },
  'unfit-data': { severity: 'error', about: 'A state is handed what its schema refuses.' },
  'pii-in-prompt': { severity: 'warning', about: 'What is marked as personal reaches a model.' },
  'broken-property': { severity: 'error', about: 'A run may break a property that every run is to keep to.' },
  'over-limit': { severity: 'error', about: 'A run may come to more than it is to.' },
  'idle-allow': { severity: 'note', about: 'An allowance that silences nothing.' },
} as const satisfies Readonly<Record<string, { readonly severity: Severity; readonly about: string }>>

/** One of the rules in {@link RULES}. */
export type RuleCode = keyof typeof RULES

/** Findings that are meant so: by rule the reason, in one sentence. */
export type Allowed = { readonly [R in Exclude<RuleCode, 'invalid-definition' | 'idle-allow'>]?: string }
