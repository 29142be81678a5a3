import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { lstat, mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'

const run = promisify(execFile)

/** The files of one revision of a repository, in a temporary folder. */
export interface GitTree {
  /** Where the file is there. */
  readonly path: string
  remove(): Promise<void>
}

/**
 * Writes a revision of the repository that a file is in into a temporary folder, through an index of its own: neither
 * the checkout nor anything in `.git` is touched. What is installed is linked, so that imports resolve as they do now.
 *
 * @throws StepwrightError `invalid-options` without git, a repository, that revision, or that file in it.
 */
export async function checkOut(file: string, revision: string): Promise<GitTree> {
  const folder = await existing(dirname(resolve(file)))
  const root = (
    await git(folder, ['rev-parse', '--show-toplevel'], `${quote(file)} is in no git repository`)
  ).trim()
  const unknown = `There is no revision ${quote(revision)} in ${root}`
  const words = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const commit = (await git(root, words, unknown)).trim()
  const inside = relative(root, join(await realpath(folder), relative(folder, resolve(file))))
  const temporary = await realpath(await mkdtemp(join(tmpdir(), 'stepwright-rev-')))
  const atExit = (): void => rmSync(temporary, { recursive: true, force: true })
  process.once('exit', atExit) // a second Ctrl-C does not come to `remove`
  const remove = async (): Promise<void> => {
    process.off('exit', atExit)
    await rm(temporary, { recursive: true, force: true })
  }
  try {
    const tree = join(temporary, 'tree')
    const env = { GIT_INDEX_FILE: join(temporary, 'index') }
    const failed = `${quote(revision)} of ${root} could not be written to ${temporary}`
    await git(root, ['read-tree', commit], failed, env)
    await git(root, ['checkout-index', '--all', '--quiet', `--prefix=${tree}/`], failed, env)
    const path = join(tree, inside)
    if (!(await stat(path).catch(() => undefined)))
      throw refused(
        `There is no file ${quote(inside)} in ${quote(revision)}`,
        'Name it as it was called then',
      )
    await linkInstalled(root, tree, dirname(inside))
    return { path, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** What is installed beside the file and above it, up to the root of the repository, or above that. */
async function linkInstalled(root: string, tree: string, folder: string): Promise<void> {
  let linked = false
  for (let at = folder; ; at = dirname(at)) {
    linked = (await link(join(root, at), join(tree, at))) || linked
    if (at === '.' || at === '') break
  }
  for (let above = dirname(root); !linked && above !== dirname(above); above = dirname(above))
    linked = await link(above, tree)
}

async function link(from: string, to: string): Promise<boolean> {
  const installed = join(from, 'node_modules')
  if (!(await stat(installed).catch(() => undefined))?.isDirectory()) return false
  const there = join(to, 'node_modules')
  if (!(await stat(to).catch(() => undefined)) || (await lstat(there).catch(() => undefined))) return false
  await symlink(await realpath(installed), there, 'junction')
  return true
}

/** The file may be gone by now, and its folder too. */
async function existing(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined)
  return found?.isDirectory() || dirname(folder) === folder ? folder : existing(dirname(folder))
}

async function git(
  cwd: string,
  words: readonly string[],
  what: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  // what a hook that calls us has set would send git elsewhere
  const {
    GIT_DIR: _dir,
    GIT_WORK_TREE: _tree,
    GIT_INDEX_FILE: _index,
    GIT_PREFIX: _prefix,
    ...own
  } = process.env
  try {
    const { stdout } = await run('git', words, { cwd, env: { ...own, ...env }, maxBuffer: 2 ** 26 })
    return stdout
  } catch (cause) {
    const { code, stderr = '' } = cause as { readonly code?: unknown; readonly stderr?: string }
    if (code === 'ENOENT') throw refused('git is not installed', 'Install it, or give files', cause)
    const said = stderr.trim().split('\n')[0] ?? ''
    throw refused(said ? `${what}: ${said}` : what, 'Look with git log --oneline, or give files', cause)
  }
}

function refused(what: string, remedy: string, cause?: unknown): StepwrightError {
  return new StepwrightError('invalid-options', { what, remedy, ...(cause === undefined ? {} : { cause }) })
}
