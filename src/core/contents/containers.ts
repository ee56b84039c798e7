/** Formats that contain other formats. The first bytes prove the container, and seldom more. */
export type Container = 'zip' | 'gzip' | 'cfb' | 'xml' | 'html' | 'sqlite' | 'tar' | 'isobmff'

/**
 * Office documents. Depending on the age of the program that wrote one, it is a compound file, a zip archive or XML; with
 * a password it is always a compound file.
 */
const officeDocuments = `
  application/msword application/vnd.ms-word application/vnd.msword application/x-msword application/doc
  application/vnd.ms-excel application/msexcel application/x-msexcel application/x-excel application/excel
  application/vnd.ms-powerpoint application/mspowerpoint application/powerpoint application/x-mspowerpoint
  application/vnd.visio application/x-visio application/vnd.ms-visio.viewer application/vnd.ms-project
  application/vnd.ms-publisher application/x-mspublisher application/vnd.ms-works application/vnd.ms-office
  application/vnd.ms-outlook application/x-ole-storage application/x-cfb`
const officeFamilies = [
  'application/vnd.openxmlformats-officedocument.',
  'application/vnd.oasis.opendocument.',
  'application/vnd.sun.xml.',
  'application/vnd.ms-word.',
  'application/vnd.ms-excel.',
  'application/vnd.ms-powerpoint.',
  'application/vnd.ms-visio.',
]

/** Whether office programs write this type. `essence` has no parameters. */
export function isOfficeDocument(essence: string): boolean {
  return officeNames.has(essence) || officeFamilies.some((family) => essence.startsWith(family))
}

/** The other types that may come in each container, besides those whose names end with it (`+zip`, `+xml`, …). */
const members: Record<Container, string> = {
  zip: `
    application/zip application/x-zip application/x-zip-compressed application/zip-compressed multipart/x-zip
    application/x-compressed application/java-archive application/x-java-archive application/x-jar
    application/vnd.android.package-archive application/x-xpinstall application/x-google-chrome-extension
    application/x-chrome-extension application/epub application/oxps application/vnd.ms-xpsdocument
    application/vnd.apple.keynote application/vnd.apple.numbers application/vnd.apple.pages
    application/x-iwork-keynote-sffkey application/x-iwork-numbers-sffnumbers application/x-iwork-pages-sffpages
    model/3mf application/vnd.ms-package.3dmanufacturing-3dmodel+xml application/vnd.ms-visio.drawing.main+xml`,
  // Also types that keep their name when they are packed: Python calls a .tar.gz a tar, and an .svgz is an SVG image.
  gzip: `
    application/gzip application/x-gzip application/gzip-compressed application/gzipped application/x-gunzip
    application/tgz application/x-tgz application/x-gtar application/x-gtar-compressed application/x-compressed
    application/x-compressed-tar application/x-tar application/x-tar-gz application/tar application/x-ustar
    application/x-cpio application/postscript application/x-postscript application/ps application/eps
    application/x-eps image/eps image/x-eps application/x-bzpdf application/x-blender image/svg image/svg-xml
    image/x-svg application/svg image/emf image/x-emf application/emf application/x-emf image/wmf image/x-wmf
    application/wmf application/x-wmf application/x-msmetafile application/xml text/xml`,
  cfb: 'application/x-msi application/x-ms-installer image/vnd.fpx image/vnd.mix',
  xml: 'image/svg image/svg-xml image/x-svg application/svg video/x-ms-asf audio/x-ms-wax video/x-ms-wvx',
  // Excel and Word open HTML, and many web applications export it under these types.
  html: `
    application/msword application/vnd.ms-word application/vnd.msword application/x-msword application/doc
    application/vnd.ms-excel application/msexcel application/x-msexcel application/x-excel application/excel
    image/svg+xml`,
  sqlite: 'application/x-sqlite3 application/vnd.sqlite3 application/x-sqlite application/sqlite3',
  // Also bytes that an HTTP library unpacked on the way, unknown to the client.
  tar: `
    application/x-tar application/tar application/x-ustar application/x-gtar application/x-gtar-compressed
    application/tgz application/x-tgz application/x-compressed-tar application/x-tar-gz application/gzip
    application/x-gzip`,
  isobmff: `
    image/heic image/heif image/heic-sequence image/heif-sequence image/avif image/avif-sequence
    image/x-canon-cr3`,
}

const suffixes: Record<Container, readonly string[]> = {
  zip: ['+zip'],
  gzip: ['+gzip', '+xml', '-xml'],
  cfb: [],
  xml: ['+xml', '-xml'],
  html: ['html', 'html+xml'],
  sqlite: ['+sqlite3'],
  tar: ['+tar'],
  isobmff: [],
}

const containers = Object.keys(members) as Container[]
const officeContainers: readonly Container[] = ['cfb', 'zip', 'xml']
const officeNames = namesOf(officeDocuments)
const memberNames = new Map(containers.map((container) => [container, namesOf(members[container])]))

/** The containers that bytes of a type may come in. `essence` has no parameters. */
export function containersOf(essence: string): ReadonlySet<Container> {
  const named = containers.filter(
    (container) =>
      memberNames.get(container)?.has(essence) ||
      suffixes[container].some((suffix) => essence.endsWith(suffix)),
  )
  return new Set(isOfficeDocument(essence) ? [...named, ...officeContainers] : named)
}

const bare = new Map<string, Container>([
  ['application/gzip', 'gzip'],
  ['application/x-cfb', 'cfb'],
  ['application/xml', 'xml'],
  ['text/html', 'html'],
  ['application/x-sqlite3', 'sqlite'],
  ['application/x-tar', 'tar'],
  ['application/mp4', 'isobmff'],
  ['application/vnd.visio', 'zip'],
])

/**
 * The container, if the bytes prove only that; null when they prove a format of their own. A zip archive proves no more,
 * whatever the names of its first entries suggest.
 */
export function provenContainer(proven: string): Container | null {
  const isZip = memberNames.get('zip')?.has(proven) || proven.endsWith('+zip')
  const isOffice = officeFamilies.some((family) => proven.startsWith(family))
  return bare.get(proven) ?? (isZip || isOffice ? 'zip' : null)
}

/** The names in a list, which white space separates. */
export function namesOf(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}
