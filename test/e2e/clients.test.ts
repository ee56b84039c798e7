import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfProject, freePort, NpmStart } from './support/npm-start'
import { type Recipe, recipes } from './support/recipes'

type Runner = { program: string; file: string; run: (file: string) => string[] }

/** Those for pages are run by widgets.test.ts. */
const programs = recipes.filter(({ title }) => /^(Under a grant|Documents|Any type|In portions)/.test(title))

/** How a recipe of each language is run, from a file that has it as it is printed. */
const runners: Record<string, Runner> = {
  sh: { program: 'bash', file: 'recipe.sh', run: (file) => [file] },
  js: { program: process.execPath, file: 'recipe.mjs', run: (file) => [file] },
  python: { program: 'python3', file: 'recipe.py', run: (file) => [file] },
  php: { program: 'php', file: 'recipe.php', run: (file) => [file] },
  go: { program: 'go', file: 'recipe.go', run: (file) => ['run', file] },
}

/** Whether this machine has what the recipe needs: always, where it is no other language than the project's own. */
function canRun({ language, code }: Recipe): boolean {
  if (language === 'python') {
    const [, modules = ''] = /^import (.+)$/m.exec(code) ?? []
    return spawnSync(pythonWith(modules), ['-c', `import ${modules}`]).status === 0
  }
  if (language === 'php')
    return spawnSync('php', ['-r', 'exit(extension_loaded("curl") ? 0 : 1);']).status === 0
  return language !== 'go' || spawnSync('go', ['version']).status === 0
}

/** Debian's packages are those of its own Python, which need not be the first in PATH. */
function pythonWith(modules: string): string {
  const pythons = ['python3', '/usr/bin/python3']
  return pythons.find((python) => spawnSync(python, ['-c', `import ${modules}`]).status === 0) ?? 'python3'
}

let project = ''
let folder = ''
let gateway: NpmStart | undefined
const env: Record<string, string> = {}

beforeAll(async () => {
  project = copyOfProject()
  folder = mkdtempSync(join(tmpdir(), 'slipway-clients-'))
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  const port = await freePort()
  gateway = new NpmStart(project, port)
  await gateway.running()
  Object.assign(env, process.env, {
    URL: `http://127.0.0.1:${port}`,
    KEY: /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? '',
    NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
  })
})

afterAll(() => {
  gateway?.end()
  for (const each of [project, folder]) rmSync(each, { recursive: true, force: true })
})

async function run({ language, code }: Recipe) {
  const runner = runners[language] ?? expect.fail(`docs/clients.md has a block of ${language}`)
  writeFileSync(join(folder, runner.file), code)
  env.GRANT = await grantOf({ maxBytes: 1_000_000, contentTypes: ['application/pdf'] })
  const program = language === 'python' ? pythonWith(/^import (.+)$/m.exec(code)?.[1] ?? '') : runner.program
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(program, runner.run(runner.file), { cwd: folder, env })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

async function grantOf(terms: object): Promise<string> {
  const headers = { authorization: `Bearer ${env.KEY}` }
  const answer = await fetch(`${env.URL}/v1/grants`, { method: 'POST', headers, body: JSON.stringify(terms) })
  return ((await answer.json()) as { url: string }).url
}

async function fileNamedIn(output: string) {
  const [id = ''] = /file_[0-9a-f]{32}/.exec(output) ?? []
  const answer = await fetch(`${env.URL}/v1/files/${id}`, { headers: { authorization: `Bearer ${env.KEY}` } })
  return (await answer.json()) as { status: string; filename: string; contentType: string; sizeBytes: number }
}

describe('the recipes of docs/clients.md', () => {
  it('are all found', () => {
    expect(new Set(programs.map(({ language }) => language))).toEqual(new Set(Object.keys(runners)))
    expect(programs.length).toBeGreaterThanOrEqual(14)
  })

  for (const recipe of programs)
    describe.skipIf(!canRun(recipe))(recipe.title, () => {
      it('uploads a file, as it is printed', async () => {
        const bytes = `%PDF-1.7\n${recipe.title}\n`
        writeFileSync(join(folder, 'report.pdf'), bytes)
        const { code, output } = await run(recipe)
        expect(code, output).toBe(0)
        expect(await fileNamedIn(output)).toMatchObject({
          status: 'ready',
          filename: 'report.pdf',
          contentType: 'application/pdf',
          sizeBytes: Buffer.byteLength(bytes),
        })
      })

      it('says why a file is refused', async () => {
        cpSync('test/fixtures/formats/picture.png', join(folder, 'report.pdf'))
        const { code, output } = await run(recipe)
        expect(code).not.toBe(0)
        expect(output).toContain('image/png')
      })
    })
})
