import { Chart } from './chart.js'
import { addressOf, Connection, readAddress } from './connection.js'
import { byId, fill, make } from './elements.js'
import { RunList } from './run-list.js'
import { Signals } from './signals.js'
import { sayEvent, sayTime, Story } from './story.js'
import { valueTree } from './value-tree.js'

const chart = new Chart()
const list = new RunList()
const signals = new Signals(
  readAddress().token ? (run, event, as) => shown?.connection.send(run, event, as) : undefined,
)
/** The run that is shown: its id, what was told of it, its relatives, the chosen moment (none: the newest). */
let shown
let isDrawing = false

new Connection('', {
  onOpen: () => {
    byId('connection').textContent = 'live'
    byId('connection').className = 'good'
    void list.refresh()
  },
  onMessage: (message) => list.take(message),
  onLost: () => {
    byId('connection').textContent = 'not connected; trying again'
    byId('connection').className = 'bad'
  },
})

function choose() {
  const { run } = readAddress()
  if (run === shown?.id) return
  shown?.connection.close()
  shown = undefined
  list.choose(run)
  document.title = run === undefined ? 'Stepwright inspector' : `${run} · Stepwright inspector`
  const isChosen = run !== undefined
  for (const id of ['stage', 'details']) byId(id).hidden = !isChosen
  byId('empty').hidden = isChosen
  if (isChosen) open(run)
}

function open(id) {
  const mine = { id, story: new Story(), family: new Map(), moment: undefined, trouble: undefined }
  signals.hide()
  mine.connection = new Connection(`run=${encodeURIComponent(id)}`, {
    onOpen: () => mine.family.clear(),
    onMessage: (message) => {
      if (message.type === 'service.unreadable' && message.sessionId === id) mine.trouble = message.message
      if (message.sessionId === id) mine.story.take(message)
      else takeRelative(mine.family, message)
      drawSoon()
    },
    onLost: () => undefined,
  })
  shown = mine
  byId('run-id').textContent = id
  draw()
}

function takeRelative(family, { type, sessionId, id, run }) {
  if (type !== 'service.register' && type !== 'service.state') return
  const known = family.get(sessionId)
  family.set(sessionId, { workflow: known?.workflow ?? id, status: run.status, state: run.state })
}

/** A recorded run comes as a thousand messages: they are drawn as one. */
function drawSoon() {
  if (isDrawing) return
  isDrawing = true
  requestAnimationFrame(() => {
    isDrawing = false
    draw()
  })
}

function draw() {
  if (!shown) return
  const { id, story, family, trouble } = shown
  const at = Math.min(shown.moment ?? story.last, story.last)
  const moment = story.moments[at]
  byId('time').hidden = !moment
  if (!moment) {
    byId('standing').textContent = trouble ?? ''
    if (trouble) chart.clear()
    for (const part of ['data', 'vars', 'history', 'parts', 'family']) fill(part, [])
    return
  }
  const isNewest = at === story.last
  const happened = story.until(at)
  drawStanding(story, moment)
  void chart
    .draw(story.workflow, moment.version)
    .then(() => shown?.story === story && chart.mark(moment, happened))
  drawTime(at, story, happened)
  if (isNewest) signals.show(id, moment.signals)
  else signals.hide()
  drawParts(moment)
  drawFamily(story.parent, family)
  drawValue('data', moment.context.data)
  drawValue('vars', moment.context.vars)
  drawHistory(story, at)
}

function drawStanding({ workflow }, { status, state, visit }) {
  const badge = make('span', { class: `badge ${status}` }, status)
  const times = visit > 1 ? `, visit ${visit}` : ''
  byId('standing').replaceChildren(badge, ` in `, make('strong', {}, state), `${times} · ${workflow}`)
}

function drawTime(at, { last, moments }, happened) {
  const slider = byId('moment')
  slider.max = String(last)
  slider.value = String(at)
  const event = happened.findLast(({ moment }) => moment === at)
  const { status, state } = moments[at]
  const said = event ? sayEvent(event) : `${status} in ${state}`
  const time = sayTime(event?.at ?? moments[at].at)
  slider.setAttribute('aria-valuetext', `${at + 1} of ${last + 1}, ${said}`)
  byId('moment-text').textContent = `${at + 1} of ${last + 1} · ${time} · ${said}`
  byId('back').disabled = at === 0
  byId('forth').disabled = at === last
  byId('newest').disabled = at === last
}

function drawParts({ branches = {}, context: { progress } }) {
  const rows = Object.entries(branches).map(([name, end]) => part(end, name, end))
  if (progress) {
    const { done, failed, total } = progress
    const bar = make('progress', total ? { max: String(total), value: String(done + failed) } : {})
    const text = `${done} done${failed > 0 ? `, ${failed} failed` : ''}${total ? ` of ${total}` : ''}`
    rows.push(make('li', {}, ...(total ? [bar, ' '] : []), text))
  }
  fill('parts', rows)
}

function part(end, name, text) {
  return make('li', {}, make('span', { class: `dot ${end}` }), make('strong', {}, name), ` ${text}`)
}

function drawFamily(parent, family) {
  const link = (id, word, said) => make('li', {}, `${word} `, make('a', { href: addressOf(id) }, id), said)
  const rows = parent === undefined ? [] : [link(parent, 'parent', '')]
  for (const [id, { status, state }] of family) rows.push(link(id, 'child', ` ${status} in ${state}`))
  fill('family', rows)
}

function drawValue(id, value) {
  const place = byId(id)
  const text = JSON.stringify(value)
  place.hidden = value === undefined
  if (place.dataset.shown === text) return // what was opened stays open
  place.dataset.shown = text ?? ''
  place.querySelector('div').replaceChildren(valueTree(value))
}

function drawHistory({ happened }, at) {
  const rows = happened.map((event) => {
    const row = make(
      'button',
      { onclick: () => goTo(event.moment), 'aria-current': event.moment === at && 'step' },
      make('time', {}, sayTime(event.at)),
      make('span', {}, sayEvent(event)),
    )
    return make('li', { class: event.moment > at && 'later' }, row)
  })
  const hadFocus = byId('history').contains(document.activeElement)
  fill('history', rows)
  if (hadFocus) byId('history').querySelector('[aria-current]')?.focus()
}

function goTo(moment) {
  if (!shown) return
  const { last } = shown.story
  shown.moment = moment >= last ? undefined : Math.max(0, moment)
  draw()
}

const now = () => shown?.moment ?? shown?.story.last ?? 0
byId('moment').oninput = ({ target }) => goTo(Number(target.value))
byId('back').onclick = () => goTo(now() - 1)
byId('forth').onclick = () => goTo(now() + 1)
byId('newest').onclick = () => goTo(Infinity)
addEventListener('hashchange', choose)
choose()
