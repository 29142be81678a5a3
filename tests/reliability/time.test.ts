import { describe } from 'vitest'
import { clocks } from './clocks.ts'
import { meeting } from './meeting.ts'
import { stubborn } from './stubborn.ts'
import { prove } from './prove.ts'

describe('time', () => {
  prove(clocks)
  prove(meeting)
  prove(stubborn)
})
