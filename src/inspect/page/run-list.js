import { addressOf } from './connection.js'
import { byId, make } from './elements.js'

const REFRESH_MS = 5_000

/** The list of runs, newest first: read from the store, kept up to date by what live runs tell. */
export class RunList {
  #runs = new Map()
  #rows = new Map()
  #chosen
  #oldest

  constructor() {
    byId('filter').oninput = () => this.#filter()
    byId('more').onclick = () => this.#load(this.#oldest)
    byId('run-list').onkeydown = (event) => this.#onKey(event)
    setInterval(() => document.hidden || this.refresh(), REFRESH_MS) // runs that other processes drive
  }

  refresh() {
    return this.#load()
  }

  async #load(before) {
    const response = await fetch(before ? `/runs?before=${encodeURIComponent(before)}` : '/runs').catch(
      () => undefined,
    )
    if (!response?.ok) return
    const { runs, more } = await response.json()
    for (const run of runs) this.#put(run)
    if (before || this.#oldest === undefined) {
      this.#oldest = runs.at(-1)?.id
      byId('more').hidden = !more
    }
    this.#order()
  }

  /** What a socket tells of a run. */
  take({ type, sessionId, id, parent, run }) {
    if (type !== 'service.register' && type !== 'service.state') return
    const known = this.#runs.get(sessionId)
    const named = type === 'service.register' ? { workflow: id, parent } : {}
    if (!known && type !== 'service.register') return
    this.#put({
      ...known,
      id: sessionId,
      ...named,
      status: run.status,
      state: run.state,
      createdAt: run.createdAt,
    })
    if (!known) this.#order()
  }

  choose(id) {
    this.#chosen = id
    for (const [key, row] of this.#rows) mark(row, key === id)
  }

  find(id) {
    return this.#runs.get(id)
  }

  #put(run) {
    this.#runs.set(run.id, run)
    const fresh = drawRow(run)
    const row = this.#rows.get(run.id)
    if (!row) this.#rows.set(run.id, fresh)
    else row.firstChild.replaceChildren(...fresh.firstChild.childNodes)
    mark(this.#rows.get(run.id), run.id === this.#chosen)
    this.#filter(run.id)
  }

  #order() {
    const ids = [...this.#runs.values()].sort(
      (a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0) || (a.id < b.id ? 1 : -1),
    )
    const list = byId('run-list')
    const rows = ids.map(({ id }) => this.#rows.get(id))
    // rows that stand right are left alone, so that the keyboard's place is kept
    rows.forEach((row, i) => list.children[i] === row || list.insertBefore(row, list.children[i] ?? null))
  }

  #filter(only) {
    const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const [id, row] of only === undefined ? this.#rows : [[only, this.#rows.get(only)]]) {
      const { workflow, status, state } = this.#runs.get(id)
      const text = `${id} ${workflow} ${status} ${state}`.toLowerCase()
      row.hidden = !words.every((word) => text.includes(word))
    }
  }

  #onKey(event) {
    const way = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key]
    let row = way && event.target.closest('li')?.[way]
    while (row?.hidden) row = row[way]
    if (!row) return
    event.preventDefault()
    row.firstChild.focus()
  }
}

function drawRow({ id, workflow, status, state }) {
  const link = make(
    'a',
    { href: addressOf(id) },
    make('span', { class: `dot ${status}`, title: status }),
    make('strong', {}, id),
    make('small', {}, `${status} · ${state} · ${workflow}`),
  )
  return make('li', {}, link)
}

function mark(row, isChosen) {
  if (isChosen) row.firstChild.setAttribute('aria-current', 'true')
  else row.firstChild.removeAttribute('aria-current')
}
