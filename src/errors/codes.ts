/** Every error code of Stepwright with one line on what it means. Each has a page: `docs/errors/<code>.md`. */
export const CODES = {
  'invalid-definition': 'The workflow class cannot be compiled; all problems are listed.',
  'invalid-options': 'An option given to createEngine, or a policy, has a value that cannot be used.',
  'invalid-id': 'A run, session or signal id is empty, too long or holds characters that cannot be stored.',
  'invalid-input': 'The input of a run does not fit the schema of the initial state.',
  'invalid-data': 'A move hands over data, vars or a result that does not fit the schema of its target.',
  'invalid-signal': 'The payload of a signal does not fit its schema.',
  'invalid-json': 'Text that should be JSON is not.',
  'not-storable': 'A value cannot be stored exactly; the path to it is named.',
  'unknown-workflow': 'No workflow of that name or class was given to this engine.',
  'unknown-run': 'The store answered, and holds no run with that id.',
  'unknown-signal': 'The workflow declares no signal of that name.',
  'run-exists': 'A run with that id was started before with another workflow or input.',
  'run-ended': 'The run has ended, so it accepts nothing any more.',
  'run-failed': 'The result of a run was asked for, and the run failed.',
  'run-parked':
    'The run was set aside with a reason; it neither moves nor blocks others until that is mended.',
  'illegal-move': 'A handler moved to a state that it does not declare.',
  'no-move': 'A handler ended without go(...).',
  'attempt-over': 'A handler went on after its attempt had ended; what it did was ignored.',
  fenced: 'Another worker has taken this run over; this one lets go.',
  'engine-closed': 'The engine was closed.',
  'store-unavailable':
    'The store could not be reached or did not answer in time. Nothing is known about the run.',
  'store-unusable': 'The file or server given as a store cannot serve as one.',
  'store-newer': 'The store was written by a newer version of Stepwright.',
  'store-busy': 'Another process holds the database locked for longer than we wait.',
  'corrupt-document': 'A stored document is damaged, foreign or cut off.',
  'needs-migration': 'A live run stands in a state, or holds data, that the loaded code does not know.',
  'module-missing': 'An optional package is needed for this and is not installed.',
  'module-failed': 'A workflow file could not be loaded.',
  'permission-denied': 'The inspector was asked to send an event, and it is read-only.',
} as const

/** One of the codes in {@link CODES}. */
export type ErrorCode = keyof typeof CODES
