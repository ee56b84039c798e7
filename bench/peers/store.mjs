// What the peers sign for: a store that is never asked, as their URLs are not used.
export const bucket = 'bench'
export const endpoint = 'http://127.0.0.1:9'
export const region = 'us-east-1'
export const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' }
