import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { decorators } from './src/testing/vite.ts'
import tsconfig from './tsconfig.json' with { type: 'json' }

const alias = Object.entries(tsconfig.compilerOptions.paths).map(([name, [path]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(path ?? '', import.meta.url)),
}))

export default defineConfig({
  plugins: [decorators()],
  resolve: { alias },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: '100%' },
})
