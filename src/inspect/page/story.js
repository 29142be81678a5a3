/**
 * What was told of one run: the moments it stood at, in order, and what happened between them. A moment is a state of
 * the protocol; the first one is that in which the run was registered.
 */
export class Story {
  moments = []
  happened = []
  #waiting = []

  take(message) {
    if (message.type === 'service.event') this.#hear(message)
    if (message.type === 'service.register') this.#begin(message)
    if (message.type === 'service.state') this.#stand(message)
  }

  /** What happened leads to the next moment, unless it is what a run was registered with. */
  #hear(message) {
    const newest = this.moments.at(-1)
    const isTold = message.run?.seq !== undefined && message.run.seq === newest?.seq
    if (isTold) this.happened.push({ ...readEvent(message), moment: this.last })
    else this.#waiting.push(message)
  }

  #begin(message) {
    this.moments = []
    this.happened = []
    this.#waiting = []
    this.workflow = message.id
    this.parent = message.parent
    this.#stand(message)
  }

  #stand({ state, run }) {
    const { context } = JSON.parse(state)
    for (const event of this.#waiting)
      this.happened.push({ ...readEvent(event), moment: this.moments.length })
    if (this.#waiting.length === 0 && this.moments.length > 0)
      this.happened.push({ type: 'stands', ...run, moment: this.moments.length }) // its end, or what may not be told
    this.#waiting = []
    this.moments.push({ ...run, context })
  }

  /** The newest moment. */
  get last() {
    return this.moments.length - 1
  }

  /** What had happened up to a moment. */
  until(moment) {
    return this.happened.filter((event) => event.moment <= moment)
  }
}

function readEvent({ event, run }) {
  const { data, name } = JSON.parse(event)
  return { ...run, name, data, at: run?.at }
}

/** Fields of events that need no name. */
const SPEAKING = ['message', 'error', 'reason', 'child', 'tool', 'model']

/** One thing that happened, in words. */
export function sayEvent({ type, name, data, from, to, by, signal, part, end, status, state }) {
  if (type === 'moved') {
    const why = [by === 'step' ? '' : by.replace('signal:', 'by signal '), data.error, data.message]
    return [`${from} → ${to}`, ...why.filter(Boolean)].join(', ')
  }
  if (type === 'signalled') return `signal ${signal}`
  if (type === 'voted') return `signal ${signal} counted`
  if (type === 'started') return 'started'
  if (type === 'stands') return `${status} in ${state}`
  if (type === 'log') return sayLog(data)
  if (type === 'part' && name.startsWith('branch.')) return `branch ${part} ${end}`
  if (type === 'joined' && data.branches) return sayJoined(data.branches)
  const facts = Object.entries(data).flatMap(([key, value]) => {
    if (key === 'type' || value === undefined || typeof value === 'object') return []
    if (key === 'until') return [`until ${sayTime(value)}`]
    return [SPEAKING.includes(key) ? value : `${key} ${value}`]
  })
  const words = (type && type !== 'part' ? type : name.replace('stepwright.', '')).replaceAll('-', ' ')
  return facts.length > 0 ? `${words}: ${facts.join(', ')}` : words
}

function sayLog({ level, message, fields = {} }) {
  const said = Object.entries(fields).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return `log${level === 'info' ? '' : `, ${level}`}: ${[message, ...said].join(', ')}`
}

function sayJoined(branches) {
  return `joined: ${Object.entries(branches)
    .map(([name, end]) => `${name} ${end}`)
    .join(', ')}`
}

/** A time of day, with the day where it is not today. */
export function sayTime(at) {
  if (!at) return ''
  const date = new Date(at)
  const time = date.toLocaleTimeString([], { hour12: false })
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()} ${time}`
}
