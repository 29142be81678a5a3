import { defineConfig } from 'vitest/config'
import { decorators } from './src/testing/vite.ts'

export default defineConfig({
  plugins: [decorators()],
  test: { include: ['tests/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
})
