import { supportedMimeTypes } from 'file-type'
import { describe, expect, it } from 'vitest'
import { contradictingType } from '../../src/core/contents/verify-content-type'
import { essenceOf } from '../../src/core/files/content-type'
import { detectionSampleBytes } from '../../src/core/ports/content-type-detector'
import { detectWithFileType } from '../../src/detection/file-type-detector'
import { proofs, textSignatures, unproven } from '../../src/detection/signatures'

type Bytes = Uint8Array<ArrayBuffer>

/** The beginnings of files that their usual programs have written, by name; see `make.py` beside them. */
const fixtures = new Map(
  Object.entries(
    import.meta.glob<string>(['../fixtures/formats/*', '!**/make.py'], {
      query: '?url&inline',
      import: 'default',
      eager: true,
    }),
  ).map(([path, url]) => [
    path.slice(path.lastIndexOf('/') + 1),
    Uint8Array.fromBase64(url.slice(url.indexOf(',') + 1)),
  ]),
)

const ooxml = 'application/vnd.openxmlformats-officedocument'
const odf = 'application/vnd.oasis.opendocument'

/** Every name that a file is uploaded under. */
const honest: Record<string, string> = {
  'picture.png': 'image/png image/x-png',
  'animation.apng': 'image/png image/apng image/vnd.mozilla.apng',
  'picture.jpg': 'image/jpeg image/jpg image/pjpeg',
  'picture.gif': 'image/gif',
  'picture.webp': 'image/webp',
  'picture.bmp': 'image/bmp image/x-ms-bmp image/x-bmp',
  'picture-v3.bmp': 'image/bmp image/x-ms-bmp',
  'picture.tiff': 'image/tiff image/x-tiff image/tif',
  'picture-big-endian.tiff': 'image/tiff',
  'picture.psd': 'image/vnd.adobe.photoshop application/x-photoshop image/psd image/x-photoshop',
  'picture.xcf': 'image/x-xcf',
  'picture.ico': 'image/x-icon image/vnd.microsoft.icon image/ico',
  'picture.cur': 'image/x-icon image/x-win-bitmap',
  'picture.icns': 'image/icns image/x-icns',
  'picture.pcx': 'image/x-pcx image/vnd.zbrush.pcx',
  'picture.tga': 'image/x-tga image/x-targa',
  'picture.ppm': 'image/x-portable-pixmap',
  'picture.dds': 'image/vnd.ms-dds image/x-dds',
  'picture.fits': 'image/fits application/fits',
  'picture.dcm': 'application/dicom image/dicom',
  'picture.jxl': 'image/jxl',
  'codestream.jxl': 'image/jxl',
  'picture.avif': 'image/avif',
  'picture.heic': 'image/heic image/heif image/heic-sequence',
  'picture.jp2': 'image/jp2 image/jpeg2000 image/x-jp2',
  'picture.j2k': 'image/jp2 image/j2c image/x-jp2-codestream',
  'picture.jxr': 'image/vnd.ms-photo image/jxr',
  'picture.cr2': 'image/x-canon-cr2 image/x-dcraw image/tiff',
  'picture.djvu': 'image/vnd.djvu image/x-djvu',
  'picture.iff': 'image/x-ilbm image/ilbm',
  'picture.fpx': 'image/vnd.fpx',
  'photo.flif': 'image/flif',
  'icon.svgz': 'image/svg+xml image/svg+xml-compressed application/gzip',
  'slide.emf': 'image/emf image/x-emf application/x-msmetafile',
  'slide.wmf': 'image/wmf image/x-wmf application/x-msmetafile',
  'slide.emz': 'image/emf image/x-emz application/x-msmetafile',
  'plan.dwg': 'image/vnd.dwg image/x-dwg application/acad application/x-dwg drawing/dwg',
  'model.glb': 'model/gltf-binary application/octet-stream',
  'model.stl': 'model/stl application/sla application/vnd.ms-pki.stl model/x.stl-binary',
  'scene.blend': 'application/x-blender application/octet-stream',
  'song.mp3': 'audio/mpeg audio/mp3 audio/x-mpeg audio/mpeg3 audio/x-mp3',
  'untagged.mp3': 'audio/mpeg audio/mp3',
  'song.mp2': 'audio/mpeg audio/mp2 audio/x-mpeg',
  'song.aac': 'audio/aac audio/x-aac audio/aacp audio/vnd.dlna.adts',
  'memo.m4a': 'audio/mp4 audio/m4a audio/x-m4a video/mp4 application/mp4 audio/mpeg',
  'book.m4b': 'audio/mp4 audio/x-m4b audio/m4b',
  'song.ogg': 'audio/ogg application/ogg audio/vorbis audio/x-vorbis+ogg video/ogg',
  'voice.opus': 'audio/opus audio/ogg audio/x-opus+ogg application/ogg',
  'voice.spx': 'audio/ogg audio/x-speex audio/speex',
  'song.oga': 'audio/ogg audio/flac audio/x-flac+ogg',
  'song.flac': 'audio/flac audio/x-flac',
  'tone.wav': 'audio/wav audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav',
  'tone.w64': 'audio/x-w64 audio/wav',
  'tone.aiff': 'audio/aiff audio/x-aiff',
  'tone.caf': 'audio/x-caf',
  'tone.au': 'audio/basic',
  'tone.voc': 'audio/x-voc',
  'song.wv': 'audio/x-wavpack audio/wavpack',
  'song.tta': 'audio/x-tta',
  'song.ac3': 'audio/ac3 audio/x-ac3 audio/vnd.dolby.dd-raw',
  'song.eac3': 'audio/eac3',
  'song.dts': 'audio/vnd.dts',
  'song.wma': 'audio/x-ms-wma audio/x-ms-asf',
  'song.mka': 'audio/x-matroska audio/matroska video/x-matroska',
  'song.rm': 'application/vnd.rn-realmedia audio/x-pn-realaudio',
  'song.mid': 'audio/midi audio/x-midi audio/mid',
  'song.ape': 'audio/ape audio/x-ape',
  'song.mpc': 'audio/x-musepack',
  'song.xm': 'audio/x-xm audio/xm audio/x-mod',
  'voice.amr': 'audio/amr audio/AMR',
  'audio.webm': 'audio/webm video/webm',
  'film.mp4': 'video/mp4 application/mp4 video/x-m4v video/quicktime',
  'fragmented.mp4': 'video/mp4 video/iso.segment',
  'film.mov': 'video/quicktime video/mp4',
  'film.m4v': 'video/x-m4v video/mp4',
  'film.f4v': 'video/x-f4v video/mp4',
  'call.3gp': 'video/3gpp audio/3gpp video/3gp',
  'call.3g2': 'video/3gpp2 audio/3gpp2',
  'film.mkv': 'video/x-matroska video/matroska application/x-matroska',
  'film.webm': 'video/webm audio/webm',
  'film.ogv': 'video/ogg application/ogg video/x-theora+ogg',
  'film.avi': 'video/x-msvideo video/avi video/msvideo video/vnd.avi application/x-troff-msvideo',
  'film.wmv': 'video/x-ms-wmv video/x-ms-asf',
  'film.asf': 'video/x-ms-asf application/vnd.ms-asf video/x-ms-wmv',
  'film.flv': 'video/x-flv',
  'film.mpg': 'video/mpeg video/x-mpeg video/mpg',
  'film.vob': 'video/mpeg video/dvd video/x-ms-vob',
  'film.m2v': 'video/mpeg',
  'film.mpegts': 'video/mp2t video/vnd.dlna.mpeg-tts video/mpeg',
  'film.m2ts': 'video/mp2t video/vnd.dlna.mpeg-tts',
  'film.mxf': 'application/mxf',
  'film.swf': 'application/x-shockwave-flash application/vnd.adobe.flash.movie',
  'film.y4m': 'video/x-raw video/x-yuv4mpeg',
  'film.nut': 'video/x-nut',
  'font.ttf': 'font/ttf application/x-font-ttf font/sfnt application/x-font-truetype application/font-sfnt',
  'font.otf': 'font/otf application/x-font-otf application/vnd.ms-opentype',
  'font.woff': 'font/woff application/font-woff application/x-font-woff',
  'font.woff2': 'font/woff2 application/font-woff2',
  'font.ttc': 'font/collection',
  'font.eot': 'application/vnd.ms-fontobject',
  'font.pfa': 'application/x-font-type1 application/postscript',
  'font.pfb': 'application/x-font-type1 application/x-font',
  'letter.pdf': 'application/pdf application/x-pdf application/acrobat text/pdf application/illustrator',
  'page.ps': 'application/postscript application/ps text/plain',
  'slide.eps': 'application/postscript image/x-eps application/eps image/eps',
  'letter.rtf': 'application/rtf text/rtf application/msword text/plain',
  'letter.doc': 'application/msword application/vnd.ms-word',
  'letter.docx': `${ooxml}.wordprocessingml.document application/zip application/msword`,
  'late-types.docx': `${ooxml}.wordprocessingml.document`,
  'letter.docm': 'application/vnd.ms-word.document.macroEnabled.12',
  'letter.dotx': `${ooxml}.wordprocessingml.template`,
  'letter.odt': `${odf}.text application/x-vnd.oasis.opendocument.text`,
  'letter.ott': `${odf}.text-template`,
  'letter.epub': 'application/epub+zip application/epub',
  'book.epub': 'application/epub+zip',
  'book.mobi': 'application/x-mobipocket-ebook',
  'help.chm': 'application/vnd.ms-htmlhelp application/x-chm',
  'table.xls': 'application/vnd.ms-excel application/msexcel application/x-msexcel',
  'biff.xls': 'application/vnd.ms-excel',
  'table.xlsx': `${ooxml}.spreadsheetml.sheet application/vnd.ms-excel application/x-zip-compressed`,
  'table.xlsm': 'application/vnd.ms-excel.sheet.macroEnabled.12',
  'table.xltx': `${ooxml}.spreadsheetml.template`,
  'binary.xlsb': 'application/vnd.ms-excel.sheet.binary.macroEnabled.12',
  'table.ods': `${odf}.spreadsheet`,
  'table.ots': `${odf}.spreadsheet-template`,
  'book.gnumeric': 'application/x-gnumeric application/gzip',
  'talk.ppt': 'application/vnd.ms-powerpoint application/mspowerpoint',
  'talk.pptx': `${ooxml}.presentationml.presentation application/vnd.ms-powerpoint`,
  'talk.ppsx': `${ooxml}.presentationml.slideshow ${ooxml}.presentationml.presentation`,
  'talk.odp': `${odf}.presentation`,
  'slide.odg': `${odf}.graphics`,
  'plan.vsdx':
    'application/vnd.ms-visio.drawing application/vnd.visio application/vnd.ms-visio.drawing.main+xml',
  'page.xps': 'application/vnd.ms-xpsdocument application/oxps',
  'protected.docx': `${ooxml}.wordprocessingml.document application/msword`,
  'protected.xlsx': `${ooxml}.spreadsheetml.sheet application/vnd.ms-excel`,
  'protected.pptx': `${ooxml}.presentationml.presentation`,
  'protected.doc': 'application/msword',
  'protected.xls': 'application/vnd.ms-excel',
  'protected.odt': `${odf}.text`,
  'text.pages': 'application/vnd.apple.pages application/x-iwork-pages-sffpages',
  'sheet.numbers': 'application/vnd.apple.numbers application/x-iwork-numbers-sffnumbers',
  'talk.key': 'application/vnd.apple.keynote application/x-iwork-keynote-sffkey',
  'route.kmz': 'application/vnd.google-earth.kmz',
  'chair.usdz': 'model/vnd.usdz+zip model/usd model/vnd.pixar.usd',
  'part.3mf': 'model/3mf application/vnd.ms-package.3dmanufacturing-3dmodel+xml application/zip',
  'comic.cbz': 'application/x-cbz application/vnd.comicbook+zip application/zip',
  'game.sb3': 'application/x.scratch.sb3',
  'score.mxl': 'application/vnd.recordare.musicxml application/vnd.recordare.musicxml+zip',
  'app.ipa': 'application/x-ios-app application/octet-stream',
  'app.apk': 'application/vnd.android.package-archive application/zip application/java-archive',
  'app.jar': 'application/java-archive application/x-java-archive application/zip',
  'add-on.xpi': 'application/x-xpinstall application/zip',
  'extension.crx': 'application/x-chrome-extension application/x-google-chrome-extension',
  'files.zip':
    'application/zip application/x-zip-compressed application/x-zip multipart/x-zip application/x-compressed',
  'empty.zip': 'application/zip',
  'large-entry.zip': 'application/zip',
  'encrypted.zip': 'application/zip application/x-zip-compressed',
  'streamed.zip': 'application/zip',
  'files.tar': 'application/x-tar application/tar application/x-gtar application/x-ustar',
  'pax.tar': 'application/x-tar',
  'v7.tar': 'application/x-tar',
  'files.tar.gz':
    'application/gzip application/x-gzip application/x-gtar application/x-compressed-tar application/x-tgz application/x-compressed application/x-tar application/tar+gzip',
  'files.tar.bz2':
    'application/x-bzip2 application/x-bzip-compressed-tar application/x-tar application/x-bzip',
  'files.tar.xz': 'application/x-xz application/x-xz-compressed-tar application/x-tar',
  'files.tar.zst': 'application/zstd application/x-zstd-compressed-tar application/x-tar',
  'files.7z': 'application/x-7z-compressed',
  'archive.rar': 'application/vnd.rar application/x-rar-compressed application/x-rar',
  'archive5.rar': 'application/vnd.rar application/x-rar-compressed application/rar',
  'archive.cab': 'application/vnd.ms-cab-compressed application/x-cab',
  'archive.lzh': 'application/x-lzh-compressed application/x-lha application/x-lzh',
  'archive.arj': 'application/x-arj application/arj',
  'archive.ace': 'application/x-ace-compressed application/x-ace',
  'note.gz': 'application/gzip application/x-gzip application/gzip-compressed application/x-gunzip',
  'note.bz2': 'application/x-bzip2 application/x-bzip application/bzip2',
  'note.xz': 'application/x-xz',
  'note.zst': 'application/zstd application/x-zstd',
  'note.lz4': 'application/x-lz4',
  'note.lz': 'application/lzip application/x-lzip',
  'note.Z': 'application/x-compress application/x-compressed',
  'newc.cpio': 'application/x-cpio',
  'old.cpio': 'application/x-cpio application/x-bcpio',
  'library.a': 'application/x-archive application/x-unix-archive',
  'package.deb': 'application/vnd.debian.binary-package application/x-deb application/x-debian-package',
  'package.rpm': 'application/x-rpm application/x-redhat-package-manager',
  'disc.iso': 'application/x-iso9660-image application/x-cd-image',
  'program32.exe':
    'application/x-msdownload application/vnd.microsoft.portable-executable application/x-msdos-program application/x-dosexec',
  'program64.exe': 'application/x-msdownload application/octet-stream application/x-ms-dos-executable',
  'program.elf':
    'application/x-executable application/x-elf application/x-sharedlib application/x-pie-executable',
  'program.macho': 'application/x-mach-binary application/octet-stream',
  'universal.macho': 'application/x-mach-binary',
  'A.class': 'application/java-vm application/x-java application/x-java-vm',
  'code.wasm': 'application/wasm',
  'shortcut.lnk': 'application/x-ms-shortcut',
  'app.sqlite3':
    'application/vnd.sqlite3 application/x-sqlite3 application/geopackage+sqlite3 application/vnd.mbtiles',
  'table.parquet': 'application/vnd.apache.parquet application/x-parquet',
  'table.avro': 'application/avro application/vnd.apache.avro',
  'packets.pcap': 'application/vnd.tcpdump.pcap application/x-pcap',
  'mail.pst': 'application/vnd.ms-outlook application/x-pst',
  'shape.shp': 'application/x-esri-shape x-gis/x-shapefile',
  'profile.icc': 'application/vnd.iccprofile',
}

const bytesOf = (name: string): Bytes => fixtures.get(name) ?? expect.fail(`there is no ${name}`)

/** What the gateway does with the bytes of an upload. */
async function verdict(declared: string, bytes: Bytes): Promise<string | null> {
  return contradictingType(declared, await detectWithFileType(bytes.slice(0, detectionSampleBytes)))
}

describe('a genuine file', () => {
  const cases = Object.entries(honest).map(([name, types]) => [name, types.split(' ')] as const)

  it.each(cases)('%s is taken under every name of its type, and as bytes of no type', async (name, types) => {
    const bytes = bytesOf(name)
    const refused = await Promise.all(
      [...types, 'application/octet-stream', 'application/x-of-our-own'].map(async (type) => [
        type,
        await verdict(type, bytes),
        await verdict(`${type.toUpperCase()}; a=b`, bytes),
      ]),
    )
    expect(refused.filter(([, bare, spelled]) => bare !== null || spelled !== null)).toEqual([])
  })

  it('has each of the samples', () => {
    expect([...fixtures.keys()].sort()).toEqual(Object.keys(honest).sort())
    expect(fixtures.size).toBeGreaterThan(150)
  })

  it.each(cases)('%s is taken however much of it comes', async (name, [type = '']) => {
    const bytes = bytesOf(name)
    for (const length of [0, 1, 2, 3, 4, 8, 12, 16, 31, 64, 200, 513, 1024])
      expect([length, await verdict(type, bytes.slice(0, length))]).toEqual([length, null])
  })
})

const text = (words: string): Bytes => Uint8Array.from(new TextEncoder().encode(words))
const latin1 = (words: string): Bytes => Uint8Array.from(words, (char) => char.charCodeAt(0))
const utf16 = (words: string, mark: boolean, isLittleEndian: boolean): Bytes => {
  const units = [...(mark ? '\ufeff' : ''), ...words].join('')
  const view = new DataView(new ArrayBuffer(units.length * 2))
  for (let at = 0; at < units.length; at++) view.setUint16(at * 2, units.charCodeAt(at), isLittleEndian)
  return new Uint8Array(view.buffer)
}

/** Words that begin as binary formats do, and are text all the same. */
const beginnings = [
  ...[
    'BMI;Gr\xf6\xdfe;Gewicht\r\n22;180;71\r\n',
    'BM \xdcbersicht',
    'MZ\xfcrich;1',
    'FORMA DE PAGO;DESCRIPCI\xd3N\r\n',
  ],
  ...[
    'FORMULAR;Gr\xf6\xdfe\r\n',
    'GIF-Dateien der K\xfcche',
    'GIF89a \xfcber',
    'ID3;K\xf6ln',
    'II*;a',
    'MM\0*'.replace('\0', '0'),
  ],
  ...[
    'RIFF;WAVE;\xe4',
    'PK!;\xe4',
    'PK\xfc',
    'Rar! \xe4',
    'OggS \xfc',
    'fLaC \xfc',
    'wOFF\xfc',
    'FLV\xfc',
    'SQLite format 3 \xfc',
  ],
  ...[
    '8BPS;\xe4',
    'AC1032;\xe4',
    'MAC \xc4',
    'ITSF\xc4',
    'FWS;\xc4',
    'CWS;\xc4',
    'BZh9;\xe4',
    '070707;\xe4',
    'solid \xe4',
    'ttcf\xe4',
  ],
  ...[
    'MP+\xe4',
    'PAR1;\xe4',
    'regf;\xe4',
    'DSD \xe4',
    '#!AMR \xe4',
    'IMPM\xe4',
    'LZIP\xe4',
    'MSCF\xe4',
    'xxxxfree\xe4',
    'xxxxmoov\xe4',
  ],
  ...[
    'xxxxftypisom\xe4',
    'G'.padEnd(188, '\xe4').repeat(6),
    '\xe4'.repeat(60).concat('BOOKMOBI'),
    ' '.repeat(128).concat('DICM\xe4'),
  ],
  ...[
    '%!PS;\xe4',
    '`\xea;\xe4',
    '\xc7q;\xe4',
    'x\x01'.replace('\x01', '1'),
    'Extended Module: \xe4',
    'Creative Voice File \xe4',
  ],
  ...[
    '\xff\xfb\xfc;\xe4',
    '\xff\xe3\xe4 \xe4',
    'Kaydara FBX Binary  \xe4',
    '-lh5- \xe4',
    'BLENDER \xe4',
    '\x0bw\xe4',
  ],
]

describe('a text', () => {
  it.each(beginnings)('that begins %j is text, whatever else begins so', async (words) => {
    for (const declared of [
      'text/plain',
      'text/csv; charset=windows-1252',
      'text/markdown',
      'application/json',
    ])
      for (const bytes of [latin1(words), latin1(`${words}\x1a`), latin1(`${words}${'\0'.repeat(20)}`)])
        expect(await verdict(declared, bytes)).toBeNull()
  })

  const hex: Record<string, string> = {
    'Shift JIS': '424d90d482bf82e182f12c8a4683480d0a',
    'KOI8-R': '4d5af0d2c9d7c5d42c20cdc9d2210d0a',
    'Windows-1251': '424dcff0e8e2e5f22c20ece8f0210d0a',
    GBK: '4944d6d0cec42cb1eacce20d0a',
    Big5: '5249464620a4a4a4e50d0a',
    'EUC-KR': '4749462dc7d1b1dbc0ccb4d90d0a',
    'ISO-2022-JP': '424d1b244224331b28420d0a',
  }
  it.each(Object.entries(hex))('in %s is taken as text', async (_, digits) => {
    for (const declared of ['text/plain', 'text/csv', 'text/html'])
      expect(await verdict(declared, Uint8Array.fromHex(digits))).toBeNull()
  })

  it.each([
    ['with a mark', true],
    ['without a mark', false],
  ])('in UTF-16 %s is taken as text', async (_, mark) => {
    for (const isLittleEndian of [true, false])
      for (const words of ['BMI;Größe\r\n1;2\r\n', 'MZ', 'hello', '表,目'])
        expect(await verdict('text/csv', utf16(words, mark, isLittleEndian))).toBeNull()
  })

  const roots: Record<string, string> = {
    'application/gpx+xml': 'gpx',
    'application/vnd.google-earth.kml+xml': 'kml',
    'application/rss+xml': 'rss',
    'application/atom+xml': 'feed',
    'application/soap+xml': 'Envelope',
    'application/xliff+xml': 'xliff',
    'application/vnd.recordare.musicxml+xml': 'score-partwise',
    'application/x-fictionbook+xml': 'FictionBook',
    'model/vnd.collada+xml': 'COLLADA',
    'application/xhtml+xml': 'html',
    'image/svg+xml': 'svg',
    'text/xml': 'a',
    'application/xml': 'a',
    'application/vnd.ms-excel': 'Workbook',
    'application/msword': 'w:wordDocument',
    'application/x-plist': 'plist',
    'application/vnd.oasis.opendocument.text-flat-xml': 'office:document',
    'text/plain': 'a',
    'application/xml-dtd': 'a',
  }
  it.each(Object.entries(roots))('in XML is taken as %s in every encoding', async (declared, root) => {
    const xml = `<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- K\xf6ln -->\n<${root}><name>K\xf6ln</name></${root}>`
    for (const bytes of [latin1(xml), text(xml), text(`\ufeff${xml}`)])
      expect(await verdict(declared, bytes)).toBeNull()
    for (const mark of [true, false])
      for (const isLittleEndian of [true, false])
        expect(await verdict(declared, utf16(xml, mark, isLittleEndian))).toBeNull()
  })

  it.each([
    'text/plain',
    'text/markdown',
    'text/csv',
    'text/html',
    'application/xhtml+xml',
    'application/vnd.ms-excel',
  ])('of HTML is taken as %s', async (declared) => {
    expect(await verdict(declared, text('<!doctype html><table><tr><td>1</table>'))).toBeNull()
  })

  it.each(['text/plain', 'text/x-python', 'application/x-sh', 'text/javascript'])(
    'of a script is taken as %s',
    async (declared) => {
      expect(await verdict(declared, text('#!/usr/bin/env python3\nprint(1)\n'))).toBeNull()
    },
  )
})

describe('a lie', () => {
  const inert = [
    'image/png',
    'image/jpeg',
    'application/pdf',
    'audio/mpeg',
    'video/mp4',
    'font/woff2',
    'image/x-any',
  ]
  const active: Record<string, Bytes> = {
    'an HTML page': text('<!DOCTYPE html><script>alert(1)</script>'),
    'an HTML page without a head': text('  \n<html><body onload=alert(1)>'),
    'an HTML page behind a comment': text('<!-- GIF89a --><script>alert(1)</script>'),
    'an HTML page behind a long comment': text(`<!--${'x'.repeat(5000)}--><script>alert(1)</script>`),
    'an HTML page behind a mark': text('\ufeff<HTML>'),
    'an HTML page in UTF-16': utf16('<html><script>', true, true),
    'an HTML page with NULs': latin1('<script>\0\0\0</script>'),
    'an XHTML page': text('<?xml version="1.0"?>\n<!DOCTYPE html [<!ENTITY a "b">]>\n<html xmlns="x"/>'),
    'an SVG image': text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    'an SVG image in XML': text('<?xml version="1.0"?><!-- a --><!DOCTYPE svg PUBLIC "a" "b"><svg/>'),
    'an SVG image with a prefix': text('<?xml version="1.0"?><s:svg xmlns:s="http://www.w3.org/2000/svg"/>'),
    'a shell script': text('#!/bin/sh\nrm -rf /\n'),
    'a batch file': text('@ECHO OFF\r\ndel *\r\n'),
    'a PHP page': text('<?php system($_GET[0]);'),
    'a Windows program': bytesOf('program64.exe'),
    'a Linux program': bytesOf('program.elf'),
    'a macOS program': bytesOf('program.macho'),
    'the beginning of a program': latin1(`MZ\x90\0\x03${'\0'.repeat(60)}`),
  }
  it.each(Object.entries(active))('that %s is something inert is refused', async (_, bytes) => {
    for (const declared of inert)
      expect([declared, await verdict(declared, bytes)]).not.toEqual([declared, null])
  })

  it.each(['text/plain', 'text/csv', 'application/json', `${ooxml}.spreadsheetml.sheet`, 'application/zip'])(
    'that a program is %s is refused',
    async (declared) => {
      for (const name of [
        'program32.exe',
        'program64.exe',
        'program.elf',
        'program.macho',
        'universal.macho',
      ])
        expect(await verdict(declared, bytesOf(name))).not.toBeNull()
    },
  )

  it.each([
    ['files.zip', 'image/png', 'application/zip'],
    ['files.zip', 'application/pdf', 'application/zip'],
    ['files.zip', 'application/gzip', 'application/zip'],
    ['files.zip', 'text/plain', 'application/zip'],
    ['letter.docx', 'application/pdf', `${ooxml}.wordprocessingml.document`],
    ['letter.docx', 'text/csv', `${ooxml}.wordprocessingml.document`],
    ['table.xls', 'text/csv', 'application/x-cfb'],
    ['table.xls', 'application/pdf', 'application/x-cfb'],
    ['protected.xlsx', 'image/jpeg', 'application/x-cfb'],
    ['picture.png', 'application/pdf', 'image/png'],
    ['picture.png', 'video/mp4', 'image/png'],
    ['picture.png', 'audio/x-unheard-of', 'image/png'],
    ['picture.png', 'image/svg+xml', 'image/png'],
    ['picture.png', `${ooxml}.wordprocessingml.document`, 'image/png'],
    ['picture.bmp', 'text/csv', 'image/bmp'],
    ['picture.gif', 'text/plain', 'image/gif'],
    ['picture.ico', 'font/ttf', 'image/x-icon'],
    ['picture.heic', 'video/mp4', 'image/heic'],
    ['picture.webp', 'audio/wav', 'image/webp'],
    ['letter.pdf', 'text/plain', 'application/pdf'],
    ['letter.pdf', 'image/png', 'application/pdf'],
    ['letter.rtf', 'image/png', 'application/rtf'],
    ['page.ps', 'image/png', 'application/postscript'],
    ['song.mp3', 'image/png', 'audio/mpeg'],
    ['untagged.mp3', 'image/png', 'audio/mpeg'],
    ['song.aac', 'image/png', 'audio/aac'],
    ['song.flac', 'application/pdf', 'audio/flac'],
    ['tone.wav', 'image/webp', 'audio/wav'],
    ['film.mp4', 'image/heic', 'video/mp4'],
    ['film.mp4', 'application/pdf', 'video/mp4'],
    ['film.webm', 'image/png', 'video/webm'],
    ['film.mpegts', 'image/png', 'video/mp2t'],
    ['font.ttf', 'image/png', 'font/ttf'],
    ['font.woff2', 'application/pdf', 'font/woff2'],
    ['files.tar', 'application/pdf', 'application/x-tar'],
    ['files.tar.gz', 'image/png', 'application/gzip'],
    ['files.tar.gz', `${ooxml}.wordprocessingml.document`, 'application/gzip'],
    ['files.7z', 'image/png', 'application/x-7z-compressed'],
    ['archive.rar', 'image/jpeg', 'application/x-rar-compressed'],
    ['app.sqlite3', 'image/png', 'application/x-sqlite3'],
    ['app.sqlite3', 'text/csv', 'application/x-sqlite3'],
    ['app.jar', 'image/png', 'application/java-archive'],
    ['A.class', 'image/png', 'application/java-vm'],
    ['shortcut.lnk', 'application/pdf', 'application/x-ms-shortcut'],
  ])('that %s is %s is refused', async (name, declared, proven) => {
    expect(await verdict(declared, bytesOf(name))).toBe(proven)
  })

  it.each([
    ['picture.png', 'image/jpeg'],
    ['picture.webp', 'image/png'],
    ['picture.heic', 'image/jpeg'],
    ['memo.m4a', 'audio/mpeg'],
    ['film.webm', 'video/mp4'],
    ['files.7z', 'application/zip'],
    ['letter.rtf', 'application/msword'],
  ])('that %s is %s, of the same family, is taken', async (name, declared) => {
    expect(await verdict(declared, bytesOf(name))).toBeNull()
  })
})

describe('what the detector finds', () => {
  it('is decided for every type that the library knows', () => {
    const known = [...new Set([...supportedMimeTypes].map(essenceOf))]
    const decided = [...proofs.keys(), ...unproven]
    expect(known.filter((type) => !decided.includes(type))).toEqual([])
    expect(new Set(decided).size).toBe(decided.length)
    expect([...textSignatures].filter((type) => !proofs.has(type))).toEqual([])
  })

  it('is an answer for bytes that are made to be followed far', async () => {
    const fill = (pattern: Bytes) =>
      Uint8Array.from({ length: detectionSampleBytes }, (_, at) => pattern[at % pattern.length] ?? 0)
    const bomb = new Uint8Array(
      await new Response(
        new Response(new Uint8Array(4_000_000)).body?.pipeThrough(new CompressionStream('gzip')) ?? null,
      ).arrayBuffer(),
    )
    const samples = [
      fill(latin1('ID3\x04\0\0\0\0\0\0')),
      fill(latin1('PK\x03\x04\x14\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a')),
      fill(latin1('<!--')),
      fill(latin1('<?x?>')),
      fill(latin1('<!doctype [')),
      fill(latin1('\xef\xbb\xbf')),
      fill(latin1(' ')),
      fill(latin1('\xff\xfb\x90\x64')),
      bomb.slice(0, detectionSampleBytes),
    ]
    for (const sample of samples) {
      const found = detectWithFileType(sample)
      await expect(found).resolves.toSatisfy((type) => type === null || typeof type === 'string')
    }
  })
})
