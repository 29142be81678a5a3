import { formatMs } from '../model/duration.ts'

/** Date and time of this place, to the second: `2026-11-21 09:30:00`. */
export function sayDate(at: number): string {
  const date = new Date(at)
  if (at <= 0 || Number.isNaN(date.getTime())) return '-'
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${sayTime(at)}`
}

/** Time of day of this place: `09:30:00`. */
export function sayTime(at: number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** How long ago, or how long until: `2m 5s ago`, `in 47h 10m`, `now`. */
export function sayDistance(at: number, now: number): string {
  if (Math.abs(at - now) < 500) return 'now'
  return at > now ? `in ${formatMs(at - now)}` : `${formatMs(now - at)} ago`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
