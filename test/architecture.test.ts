import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Each source file, named from `src/` on (`../client/` beside it), and what it imports as it is written there. */
type Imports = ReadonlyMap<string, readonly string[]>

/**
 * What may be imported from where: files under `room` may import what one of `mayImport` is, or is a part of.
 * A part of `src/` begins with `/`, a package does not. The first room that fits counts. `$1` is the name of
 * the dialect.
 */
const directions: readonly { room: RegExp; mayImport: readonly string[] }[] = [
  { room: /^core\//, mayImport: ['/core'] },
  // The SQL of one aggregate: it shares statements with the repositories beside it, and knows none of them.
  {
    room: /^database\/uploads\//,
    mayImport: [
      '/core',
      '/database/uploads',
      '/database/d1.ts',
      '/database/d1-errors.ts',
      '/database/file-records.ts',
      '/database/file-rows.ts',
      '/database/idempotency-records.ts',
      '/database/metadata-terms.ts',
      '/database/object-deletions.ts',
      '/database/statement.ts',
    ],
  },
  { room: /^database\//, mayImport: ['/core', '/database'] },
  { room: /^storage\//, mayImport: ['/core', '/storage', 'aws4fetch'] },
  { room: /^detection\//, mayImport: ['/core', '/detection', 'file-type'] },
  { room: /^tokens\//, mayImport: ['/core', '/tokens', 'jose'] },
  { room: /^http\/(answers|documentation)\.ts$/, mayImport: ['/core', '/http', 'zod'] },
  { room: /^http\//, mayImport: ['/core', '/http', 'hono'] },
  { room: /^dialects\/index\.ts$/, mayImport: ['/dialects', '/http'] },
  { room: /^dialects\/([^/]+)\//, mayImport: ['/core', '/http', '/dialects/$1', 'hono', 'zod'] },
  { room: /^openapi\//, mayImport: ['/core', '/dialects', '/http', '/openapi', 'hono', 'zod'] },
  { room: /^jobs\//, mayImport: ['/core', '/jobs', 'zod'] },
  {
    room: /^web\/console\//,
    mayImport: ['/web/console', '/../client', '/core/organizations/api-key-claims.ts', 'preact'],
  },
  { room: /^web\/grant\//, mayImport: ['/web/grant', '/../client'] },
  { room: /^\.\.\/client\//, mayImport: ['/../client'] },
  { room: /^log\.ts$/, mayImport: ['/core'] },
  { room: /^misconfigured\.ts$/, mayImport: ['/log.ts'] },
  { room: /^config-jwt\.ts$/, mayImport: ['/core', '/tokens'] },
  { room: /^config-limits\.ts$/, mayImport: ['/core'] },
  {
    room: /^config\.ts$/,
    mayImport: ['/config-jwt.ts', '/config-limits.ts', '/core', '/http/origins.ts', '/storage', '/tokens'],
  },
  {
    room: /^compose\.ts$/,
    mayImport: ['/config.ts', '/core', '/database', '/storage', '/detection', '/tokens', '/log.ts'],
  },
  { room: /^app\.ts$/, mayImport: ['/compose.ts', '/config.ts', '/core', '/dialects', '/http', 'hono'] },
  { room: /^index\.ts$/, mayImport: ['/app.ts', '/compose.ts', '/jobs', '/misconfigured.ts'] },
]

const sources = readSources('src')
/** The module for browsers: each file, named from `client/` on. Pages load it from the gateway, so it is all of its own. */
const clientSources = readSources('client')
/** Also those of the client module, which the console imports, named from `src/` on. */
const imports: Imports = new Map([
  ...[...sources].map(([file, text]) => [file, importsOf(text)] as const),
  ...[...clientSources].map(([file, text]) => [`../client/${file}`, importsOf(text)] as const),
])

describe('the source', () => {
  it('is found', () => {
    expect(imports.size).toBeGreaterThan(50)
    expect(imports.get('index.ts')).toContain('./app')
  })

  it('has a room for every file, and every import points where it may', () => {
    expect(wrongDirections(imports)).toEqual([])
  })

  it('has no cycles', () => {
    expect(cycleAmong(imports)).toBeNull()
  })

  it('takes only types from the adapters into its configuration', () => {
    const storage = ['config.ts', 'config-jwt.ts']
      .flatMap((file) => (sources.get(file) ?? '').split('\n'))
      .filter((line) => /'\.\/(storage|tokens)\//.test(line))
    expect(storage.length).toBeGreaterThan(0)
    expect(storage.filter((line) => !line.startsWith('import type '))).toEqual([])
  })

  it('loads nothing into the Worker that only the reference needs', () => {
    expect(loadedForReference(sources)).toEqual([])
  })

  it('has no names of fields in core: what a request calls a value, only its dialect knows', () => {
    expect([...sources].filter(([file, text]) => namesField(file, text)).map(([file]) => file)).toEqual([])
  })

  it('has no barrels: no file hands on what another exports', () => {
    expect([...sources].filter(([, text]) => handsOn(text)).map(([file]) => file)).toEqual([])
  })
})

describe('the client module', () => {
  const clientImports = new Map([...clientSources].map(([file, text]) => [file, importsOf(text)]))
  const outside = (files: Imports) =>
    [...files].flatMap(([file, specifiers]) =>
      specifiers
        .filter((specifier) => !/^\.\/[^/]+$/.test(specifier))
        .map((specifier) => `${file} imports ${specifier}`),
    )

  it('imports nothing but its own files, without cycles', () => {
    expect(clientImports.get('upload.ts')).toContain('./transfer')
    expect(outside(clientImports)).toEqual([])
    expect(cycleAmong(clientImports)).toBeNull()
  })

  it.each(['preact', '../src/core/ids', './x/../../src/core/ids'])(
    'would be seen to import %s',
    (specifier) => {
      expect(outside(new Map([['planted.ts', [specifier]]]))).toEqual([`planted.ts imports ${specifier}`])
    },
  )

  it('hands on what other files export in its entry alone', () => {
    expect([...clientSources].filter(([, text]) => handsOn(text)).map(([file]) => file)).toEqual(['index.ts'])
  })
})

describe('what is handed a gateway', () => {
  it('reaches the ports through use cases only', () => {
    expect([...sources].flatMap(([file, text]) => portsReached(file, text))).toEqual([])
  })

  const dialect = 'dialects/quantcdn/operations/planted.ts'
  it.each([
    [
      'http/planted.ts',
      "import type { Presigner } from '../core/ports/presigner'",
      '../core/ports/presigner',
    ],
    [
      dialect,
      "import { noPublicCopies } from '../../../core/ports/public-copies'",
      'core/ports/public-copies',
    ],
    ['jobs/planted.ts', "type A = import('../core/ports/presigner').Presigner", '../core/ports/presigner'],
    ['app.ts', "import type { Presigner } from './core/ports/presigner'", './core/ports/presigner'],
    ['http/planted.ts', 'await c.var.gateway.objects.get(key)', 'gateway.objects'],
    ['http/planted.ts', 'await c.var.gateway\n    .objects.get(key)', 'gateway.objects'],
    ['http/planted.ts', "await c.get('gateway').objects.get(key)", 'gateway.objects'],
    [dialect, 'gateway.presigner.uri(key)', 'gateway.presigner'],
    [dialect, 'gateway?.files.find(organizationId, id)', 'gateway.files'],
    [dialect, "gateway['files']", 'gateway.files'],
    [dialect, 'const { limits, uploads: them } = c.var.gateway', 'gateway.uploads'],
    [dialect, 'const { uploads } = gateway', 'gateway.uploads'],
    [dialect, "const { limits, uploads: them } = c.get('gateway')", 'gateway.uploads'],
    [dialect, 'const {\n  limits,\n  ...ports\n} = gateway', 'gateway.ports'],
    [dialect, 'const { gateway: { apiKeys } } = c.var', 'gateway.apiKeys'],
    ['jobs/planted.ts', 'gateway.deletions.due(0, 1, null)', 'gateway.deletions'],
    ['app.ts', 'c.var.gateway.checkDatabase()', 'gateway.checkDatabase'],
  ])('is seen when %s has %j', (file, text, reached) => {
    expect(portsReached(file, text)).toEqual([expect.stringContaining(reached)])
  })

  it.each([
    ['core/files/planted.ts', 'gateway.objects.get(key)'],
    ['compose.ts', "import { noPublicCopies } from './core/ports/public-copies'"],
    ['storage/planted.ts', "import type { Presigner } from '../core/ports/presigner'"],
    [dialect, 'c.var.gateway.log(event)\nconst { limits, now } = gateway\ngateway.background(work)'],
    [dialect, 'const { hashMaxBytes } = c.var.gateway.limits'],
    [dialect, "const { hashMaxBytes } = c.get('gateway').limits"],
    [dialect, 'const { gateway, principal } = c.var\nawait getFile(gateway, organizationId, id)'],
    [dialect, '// gateway.objects\n/** `gateway.files` */\nc.var.gatewayUrl.length'],
  ])('may have, in %s, %j', (file, text) => {
    expect(portsReached(file, text)).toEqual([])
  })
})

describe('the rules', () => {
  const planted = (file: string, specifier: string) =>
    wrongDirections(new Map([...imports, [file, [specifier]]]))

  it.each([
    ['core/planted.ts', 'hono'],
    ['core/planted.ts', 'zod'],
    ['core/planted.ts', 'node:crypto'],
    ['core/planted.ts', 'cloudflare:workers'],
    ['core/planted.ts', '../http/context'],
    ['core/files/planted.ts', '../../database/d1'],
    ['database/planted.ts', '../storage/r2/r2-errors'],
    ['database/planted.ts', '../http/context'],
    ['database/uploads/planted.ts', '../file-repository'],
    ['database/uploads/planted.ts', '../repositories'],
    ['database/uploads/planted.ts', '../../storage/r2/r2-errors'],
    ['storage/s3/planted.ts', '../../database/d1'],
    ['storage/s3/planted.ts', 'hono'],
    ['detection/planted.ts', 'aws4fetch'],
    ['tokens/planted.ts', 'hono'],
    ['tokens/planted.ts', '../database/d1'],
    ['core/planted.ts', 'jose'],
    ['http/planted.ts', '../tokens/jwt-verifier'],
    ['http/planted.ts', 'zod'],
    ['http/documentation.ts', 'hono'],
    ['http/planted.ts', '../openapi/document'],
    ['dialects/quantcdn/planted.ts', '../../openapi/document'],
    ['dialects/index.ts', '../core/errors'],
    ['openapi/planted.ts', '../database/d1'],
    ['openapi/planted.ts', '../app'],
    ['app.ts', './openapi/document'],
    ['http/planted.ts', '../dialects/quantcdn/schema'],
    ['dialects/quantcdn/planted.ts', '../ctxfy/errors'],
    ['dialects/quantcdn/operations/planted.ts', '../../ctxfy/errors'],
    ['dialects/quantcdn/planted.ts', '../../database/d1'],
    ['dialects/quantcdn/planted.ts', '../../compose'],
    ['dialects/quantcdn/planted.ts', 'aws4fetch'],
    ['jobs/planted.ts', '../compose'],
    ['jobs/planted.ts', 'hono'],
    ['log.ts', 'hono'],
    ['config.ts', './database/d1'],
    ['config.ts', './http/context'],
    ['compose.ts', './http/context'],
    ['app.ts', './database/d1'],
    ['app.ts', 'zod'],
    ['misconfigured.ts', './compose'],
    ['index.ts', './core/errors'],
    ['web/console/planted.ts', '../../core/errors'],
    ['web/console/planted.ts', '../../http/answers'],
    ['web/console/planted.ts', 'hono'],
    ['web/grant/planted.ts', '../console/words/format'],
    ['web/grant/planted.ts', 'preact'],
    ['http/planted.ts', '../web/console/words/format'],
    ['http/planted.ts', '../../client/upload'],
  ])('forbid %s to import %s', (file, specifier) => {
    expect(planted(file, specifier)).toEqual([expect.stringContaining(`${file} imports ${specifier}`)])
  })

  it('forbid a file without a room, and an import of what is not there', () => {
    expect(planted('helpers/planted.ts', '../core/errors')).toEqual(['helpers/planted.ts has no room'])
    expect(planted('core/planted.ts', './nowhere')).toEqual([
      'core/planted.ts imports ./nowhere, which is not there',
    ])
  })

  it('do not take a name that only begins alike for the same', () => {
    expect(planted('http/planted.ts', 'hono-sessions')).toHaveLength(1)
    expect(planted('http/planted.ts', 'hono/cors')).toEqual([])
  })

  it.each([
    ['dialects/quantcdn/planted.ts', "import { Files } from './answers'", true],
    ['dialects/quantcdn/planted.ts', "import * as Answered from './answers'", true],
    ['dialects/quantcdn/operations/planted.ts', "import { documentation } from '../documentation'", true],
    ['http/planted.ts', "import { File } from './answers'", true],
    ['dialects/quantcdn/planted.ts', "import type * as Answered from './answers'", false],
    ['http/planted.ts', "import type { File } from './answers'", false],
    ['dialects/quantcdn/documentation.ts', "import { Files } from './answers'", false],
    ['openapi/planted.ts', "import { documentation } from '../dialects/quantcdn/documentation'", false],
  ])('know whether %s may say %j', (file, text, isWrong) => {
    const found = loadedForReference(new Map([[file, text]]))
    expect(found).toEqual(isWrong ? [`${file}: ${text}`] : [])
  })

  it('see a cycle, of one file, two or more', () => {
    const cycle = (links: Record<string, string[]>) => cycleAmong(new Map(Object.entries(links)))
    expect(cycle({ 'a.ts': ['./b'], 'b.ts': ['./c'], 'c.ts': [] })).toBeNull()
    expect(cycle({ 'a.ts': ['./a'] })).toEqual(['a.ts', 'a.ts'])
    expect(cycle({ 'a.ts': ['./b'], 'b.ts': ['./a'] })).toEqual(['a.ts', 'b.ts', 'a.ts'])
    expect(
      cycle({
        'x.ts': ['./core/a'],
        'core/a.ts': ['../d'],
        'd/index.ts': ['../core/e'],
        'core/e.ts': ['./a'],
      }),
    ).toEqual(['core/a.ts', 'd/index.ts', 'core/e.ts', 'core/a.ts'])
  })

  it('see a cycle planted among the real files', () => {
    const core = imports.get('core/errors.ts') ?? []
    expect(cycleAmong(new Map([...imports, ['core/errors.ts', [...core, './gateway']]]))).toContain(
      'core/errors.ts',
    )
  })

  it.each([
    ["import a from './a'", ['./a']],
    ['import type { A } from \'./a\'\nimport { b, type C } from "b"', ['./a', 'b']],
    ["import {\n  a,\n  b,\n} from './a'", ['./a']],
    ["import * as z from 'zod'", ['zod']],
    ["import './a'", ['./a']],
    ["export { a } from './a'\nexport * from './b'", ['./a', './b']],
    ["const a = await import('./a')", ['./a']],
    ["type A = import('./a').A", ['./a']],
    ["// import a from './a'\n/* import b from './b' */\nconst text = 'a'", []],
  ])('read the imports of %j', (text, expected) => {
    expect(importsOf(text)).toEqual(expected)
  })

  it.each([
    ['core/planted.ts', "failField('size', 'is too much')", true],
    ['core/planted.ts', "failField(\n  'partSize',\n  'x')", true],
    ['core/planted.ts', "fail({ code: 'invalid_request', issues: [{ field: 'size', message }] })", true],
    ['core/planted.ts', "failField(field, 'is too much')", false],
    ['core/planted.ts', `failField(\`\${field}.\${name}\`, 'is too much')`, false],
    ['dialects/quantcdn/planted.ts', "failField('size', 'is too much')", false],
  ])('know whether %s names a field in %j', (file, text, expected) => {
    expect(namesField(file, text)).toBe(expected)
  })

  it.each([
    ["export { a } from './a'", true],
    ["export * from './a'", true],
    ["export * as a from './a'", true],
    ["export type { A } from './a'", true],
    ["import { a } from './a'\nexport { a }", true],
    ["import { a } from './a'\nexport const b = a", false],
    ["import type { A } from './a'\nexport function f(a: A) {}", false],
  ])('know whether %j hands on what it imports', (text, expected) => {
    expect(handsOn(text)).toBe(expected)
  })
})

/** One sentence for every import that `directions` do not allow. */
function wrongDirections(imports: Imports): string[] {
  return [...imports].flatMap(([file, specifiers]) => {
    const rule = directions.find(({ room }) => room.test(file))
    if (rule === undefined) return [`${file} has no room`]
    const dialect = rule.room.exec(file)?.[1] ?? ''
    const allowed = rule.mayImport.map((name) => name.replace('$1', dialect))
    return specifiers.flatMap((specifier) => {
      const target = isRelative(specifier) ? resolve(imports, file, specifier) : specifier
      if (target === null) return [`${file} imports ${specifier}, which is not there`]
      const name = isRelative(specifier) ? `/${target}` : target
      return allowed.some((part) => name === part || name.startsWith(`${part}/`))
        ? []
        : [`${file} imports ${specifier}, but may only import ${allowed.join(', ')}`]
    })
  })
}

/** Lines by which a file of the Worker loads schemas of answers, or what the reference says beside them. */
function loadedForReference(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, text]) =>
    /(^openapi\/|\/(answers|documentation)\.ts$)/.test(file)
      ? []
      : text
          .split('\n')
          .filter((line) => /^import (?!type ).*'\.[^']*\/(answers|documentation)'/.test(line))
          .map((line) => `${file}: ${line}`),
  )
}

/** What those that are handed a gateway may use of it: facts, the clock, the log. The rest are ports. */
const gatewayFacts = new Set(['background', 'limits', 'log', 'now', 'store'])

/** One sentence for every port that `file`, unless it is core or an adapter, imports or takes from a gateway. */
function portsReached(file: string, text: string): string[] {
  if (!/^(http|dialects|jobs|openapi)\/|^(app|index)\.ts$/.test(file)) return []
  const code = withoutComments(text).replaceAll(".get('gateway')", '.gateway')
  const taken = code.matchAll(/\bgateway\s*(?:\?\.\s*|\.\s*|(?:\?\.)?\[\s*['"`])(\w+)/g)
  const unpacked = code.matchAll(
    /\{([^{}]*)\}\s*=\s*[\w.]*\bgateway\b(?!\s*[.?[])|\bgateway:\s*\{([^{}]*)\}/g,
  )
  const names = Array.from(unpacked, ([, one, other]) => one ?? other ?? '')
    .flatMap((members) => members.split(','))
    .flatMap((member) => /\w+/.exec(member)?.[0] ?? [])
  return [
    ...importsOf(text)
      .filter((specifier) => /(^|\/)core\/ports\//.test(specifier))
      .map((specifier) => `${file} imports ${specifier}`),
    ...[...Array.from(taken, ([, name = '']) => name), ...names]
      .filter((name) => !gatewayFacts.has(name))
      .map((name) => `${file} reaches gateway.${name}`),
  ]
}

/** A chain of files each of which imports the next, the last being the first; null when there is none. */
function cycleAmong(imports: Imports): string[] | null {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | null => {
    const start = path.indexOf(file)
    if (start >= 0) return [...path.slice(start), file]
    if (done.has(file)) return null
    for (const specifier of imports.get(file) ?? []) {
      const next = isRelative(specifier) ? resolve(imports, file, specifier) : null
      const cycle = next === null ? null : visit(next, [...path, file])
      if (cycle !== null) return cycle
    }
    done.add(file)
    return null
  }
  for (const file of imports.keys()) {
    const cycle = visit(file, [])
    if (cycle !== null) return cycle
  }
  return null
}

/** The file that `specifier` means in `file`, or null. */
function resolve(imports: Imports, file: string, specifier: string): string | null {
  const path = join(dirname(file), specifier)
  return (
    [path, `${path}.ts`, `${path}.tsx`, `${path}.d.ts`, `${path}/index.ts`].find((name) =>
      imports.has(name),
    ) ?? null
  )
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

/** What a module imports, re-exports, or loads when it runs, types included. */
function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(
    /^(?:import|export)\s[^'"`;=]*?\bfrom\s*(['"])(.*?)\1|^import\s*(['"])(.*?)\3|\bimport\(\s*(['"])(.*?)\5/gm,
  )
  return [...found].map((match) => match[2] ?? match[4] ?? match[6] ?? '')
}

/** Whether `file`, in core, itself names the field that a failure is about. */
function namesField(file: string, text: string): boolean {
  return (
    file.startsWith('core/') && /\bfailField\(\s*['"`](?!\$)|\bfield:\s*['"`]/.test(withoutComments(text))
  )
}

function handsOn(text: string): boolean {
  return /^export\s+(type\s+)?(\{|\*)/m.test(withoutComments(text))
}

/** Good enough for imports: a comment begins where a line or a run of blanks does, never inside a string. */
function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '')
}

function readSources(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(folder, path), readFileSync(path, 'utf8')]
    }),
  )
}
