import { join } from 'node:path'

export type UppyVersion = 'uppy5' | 'uppy6'

/** npm installs a Preact for each package of Uppy where another one has the place above; hooks want one for all of them. */
const preacts = {
  uppy5: 'node_modules/@uppy/core/node_modules/preact',
  uppy6: 'test/e2e/clients/uppy6/node_modules/preact',
}

/** Where esbuild finds this version of Uppy, and the one Preact for it. */
export function uppyOf(version: UppyVersion): { resolveDir: string; alias: { preact: string } } {
  return {
    resolveDir: join(process.cwd(), 'test/e2e/clients', version),
    alias: { preact: join(process.cwd(), preacts[version]) },
  }
}
