import type { Row } from './row.ts'

/** What a figure has to come to. */
export interface Goal {
  readonly workload: string
  readonly text: string
  met(row: Row): boolean
}

const ratioOver = (workload: string, least: number): Goal => ({
  workload,
  text: `at least ${least} of the floor`,
  met: ({ ratio }) => ratio >= least,
})
const ratioUnder = (workload: string, most: number): Goal => ({
  workload,
  text: `at most ${most} of the floor`,
  met: ({ ratio }) => ratio <= most,
})
const valueUnder = (workload: string, most: number, unit: string): Goal => ({
  workload,
  text: `at most ${most} ${unit}`,
  met: ({ value }) => value <= most,
})

/** By `name/metric`, or `name/metric/store` where stores differ. */
const GOALS: Readonly<Record<string, Goal>> = {
  'sequential/steps per second/sqlite normal': ratioOver('W1', 0.6),
  'sequential/steps per second/sqlite full': ratioOver('W1', 0.8),
  'sequential/steps per second/redis everysec': ratioOver('W1', 0.75),
  'sequential/steps per second/redis always': ratioOver('W1', 0.75),
  'short-runs/steps per second/sqlite normal': ratioOver('W2', 1.3),
  'short-runs/steps per second/sqlite full': ratioOver('W2', 5),
  'short-runs/steps per second/redis everysec': ratioOver('W2', 0.75),
  'resume/ms to first step': ratioUnder('W3', 2),
  'resume/beside the fewest steps': ratioUnder('W3', 1.2),
  'llm/ms for a recorded call': ratioUnder('llm', 1.3),
  'parked/heap a run': valueUnder('W4', 100, 'B'),
  'parked/stored a run': valueUnder('W4', 1_500, 'B'),
  'parked/signal p50': valueUnder('W4', 0.3, 'ms'),
  'parked/start beside none': ratioUnder('W4', 1.2),
  'map/ms for all items': ratioUnder('map', 3),
  'map/peak memory': valueUnder('map', 150, 'MB'),
  'map/items of 1 ms': valueUnder('W5', 100, 'ms'),
  'map/twice after a kill, mean': valueUnder('W5', 24, 'items'),
  'map/twice after a kill, most': valueUnder('W5', 64, 'items'),
  'growth/stored': valueUnder('W6', 2.2, 'MB'),
  'growth/handed to the store': valueUnder('W6', 2.5, 'MB'),
  'growth/written to the file': valueUnder('W6', 7, 'MB'),
  'growth/ms for all steps': valueUnder('W6', 100, 'ms'),
  'check/ms for a chart': valueUnder('check', 1_000, 'ms'),
  'check/ms for what types tell': ratioUnder('check', 1.5),
  'cold/ms to first step': ratioUnder('W7', 1.2),
  'cold/installed': valueUnder('W7', 20, 'MB'),
}

/** The goal of a row, where it has one. */
export function goalOf({ name, metric, store }: Row): Goal | undefined {
  return GOALS[`${name}/${metric}/${store}`] ?? GOALS[`${name}/${metric}`]
}
