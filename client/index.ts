// The client module, served by the gateway as /client.js. client.d.ts says what it exports.
export { upload } from './upload'
export { UploadError } from './upload-error'
export { uppyS3 } from './uppy'
