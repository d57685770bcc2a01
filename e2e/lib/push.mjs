// A push service on loopback, and what a browser does with the messages that arrive there: real ones cannot be reached from tests.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();

/** Starts a service with one subscriber. */
export async function startPushService() {
	const keys = crypto.createECDH('prime256v1');
	keys.generateKeys();
	const auth = crypto.randomBytes(16);
	const arrived = [];
	const server = http.createServer(async (request, response) => {
		const parts = [];
		for await (const part of request) parts.push(part);
		arrived.push({ headers: request.headers, body: Buffer.concat(parts) });
		response.writeHead(201).end();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		subscription: {
			endpoint: `http://localhost:${server.address().port}/ada`,
			keys: { p256dh: keys.getPublicKey().toString('base64url'), auth: auth.toString('base64url') },
		},
		/** What arrived so far, as the subscriber reads it (RFC 8291). */
		read: () =>
			arrived.map(({ headers, body }) => {
				assert.equal(headers['content-encoding'], 'aes128gcm');
				const salt = body.subarray(0, 16);
				const sender = body.subarray(21, 21 + body[20]);
				const sealed = body.subarray(21 + body[20]);
				const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), sender, Buffer.from([1])]);
				const prk = hmac(salt, hmac(hmac(auth, keys.computeSecret(sender)), info));
				const key = hmac(prk, 'Content-Encoding: aes128gcm\0\x01').subarray(0, 16);
				const nonce = hmac(prk, 'Content-Encoding: nonce\0\x01').subarray(0, 12);
				const box = crypto.createDecipheriv('aes-128-gcm', key, nonce);
				box.setAuthTag(sealed.subarray(-16));
				const plain = Buffer.concat([box.update(sealed.subarray(0, -16)), box.final()]);
				return plain.subarray(0, plain.lastIndexOf(2)).toString();
			}),
		stop: () => server.close(),
	};
}
