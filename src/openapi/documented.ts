import { createDialects } from '../dialects'
import { documentation as ctxfy, publicFilesDocumentation } from '../dialects/ctxfy/documentation'
import { documentation as cuadra } from '../dialects/cuadra/documentation'
import { documentation as directUpload } from '../dialects/direct-upload/documentation'
import { documentation as filepond } from '../dialects/filepond/documentation'
import { documentation as grants, holderDocumentation } from '../dialects/grants/documentation'
import { documentation as health } from '../dialects/health/documentation'
import { documentation as organizations } from '../dialects/organizations/documentation'
import { documentation as quantcdn } from '../dialects/quantcdn/documentation'
import { documentation as resumable } from '../dialects/resumable/documentation'
import { documentation as tus } from '../dialects/tus/documentation'
import { documentation as uploads } from '../dialects/uploads/documentation'
import type { Documentation } from '../http/documentation'
import type { Dialect } from '../http/mount'

export type DocumentedDialect = { name: string; dialect: Dialect; documentation: Documentation }

const dialects = createDialects({
  quantcdnExtraContentTypes: [],
  cuadraExtraContentTypes: [],
  publicBaseUrl: null,
  storeOrigin: 'https://store.example.com',
})

const documentations: { [Name in keyof typeof dialects]: Documentation } = {
  health,
  quantcdn,
  directUpload,
  organizations,
  cuadra,
  uploads,
  tus,
  resumable,
  filepond,
  grants,
  grantHolder: holderDocumentation,
  ctxfy,
  publicFiles: publicFilesDocumentation,
}

/** Every dialect with what the reference says of it. One that is not documented does not compile. */
export const documentedDialects: readonly DocumentedDialect[] = Object.entries(dialects).map(
  ([name, dialect]) => ({ name, dialect, documentation: documentations[name as keyof typeof dialects] }),
)
