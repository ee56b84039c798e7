// What the tests take of this version, under the names that version 4 has for it.
export { Upload } from 'tus-js-client'
export { FileUrlStorage } from 'tus-js-client/node/FileUrlStorage'
export { NodeHttpStack as DefaultHttpStack } from 'tus-js-client/node/NodeHttpStack'
