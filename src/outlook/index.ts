export { statisticsOf, type CountingOptions, type CountingProgress } from './counting.ts'
export type { Departure, PathCount, StateStatistics, Statistics } from './statistics.ts'
export { Sketch, type SketchJson } from './sketch.ts'
export { readStatistics, statisticsJson, writeStatistics } from './statistics-file.ts'
export { readCoverage } from './coverage-file.ts'
export type { ChartCoverage } from '../testing/coverage/coverage.ts'
export {
  driftOf,
  hasDrifted,
  type ChangedShare,
  type ChangedTime,
  type Drift,
  type DriftOptions,
  type UnseenDeparture,
} from './drift.ts'
export { outlookOf, type Outlook, type OutlookOptions } from './outlook.ts'
export type { Need, Verdict } from './need.ts'
export {
  forecastFrom,
  type Forecast,
  type ForecastEnd,
  type ForecastFrom,
  type ForecastOptions,
  type NoForecast,
} from './forecast.ts'
export { stuckRuns, type StuckOptions, type StuckReason, type StuckRun } from './stuck.ts'
