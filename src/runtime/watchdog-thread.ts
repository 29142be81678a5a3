/** The program of the watchdog's thread. It writes to the file of stderr itself: the stream belongs to the loop that is blocked. */
export const THREAD = `
const { workerData } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const { shared, places, NAME_BYTES, LOOKS, everyMs, afterMs, then } = workerData
const numbers = new Int32Array(shared, 0, places.length)
const names = new Uint8Array(shared, places.length * 4)
const read = (place) => Atomics.load(numbers, places.indexOf(place))
const atWork = () => {
  const ids = []
  for (let from = 0; from < names.length; from += NAME_BYTES)
    if (names[from] > 0) ids.push(JSON.stringify(Buffer.from(names.slice(from + 1, from + 1 + names[from])).toString()))
  const more = read('runs') - ids.length
  return ids.join(', ') + (more > 0 ? ' and ' + more + ' more' : '')
}
let [seen, missed, told] = [read('beat'), 0, false]
for (;;) {
  Atomics.wait(numbers, places.indexOf('end'), 0, everyMs)
  if (read('end') === 1) break
  const beat = read('beat')
  if (beat !== seen || read('runs') === 0 || read('debugged') === 1) [seen, missed, told] = [beat, 0, false]
  else if (++missed >= LOOKS && !told) {
    told = true
    const end = then === 'kill' ? '; this process is ended' : ''
    try {
      writeSync(2, 'stepwright: a handler has blocked the event loop for ' + afterMs + ' ms' + end + '. At work: ' + atWork() + '\\n')
    } catch {}
    if (then === 'kill') process.kill(process.pid, 'SIGKILL')
  }
}
`
