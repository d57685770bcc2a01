// Real binaries on free loopback ports, each with a data folder of its own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const binary = process.env.ANANCUS_BIN ?? path.resolve(import.meta.dirname, '../../bin/anancus');

async function freePort() {
	const probe = net.createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const { port } = probe.address();
	probe.close();
	await once(probe, 'close');
	return port;
}

/** With ANANCUS_E2E_POSTGRES set to the address of a PostgreSQL, a database there for one server; else none, and SQLite is used. */
async function freshDatabase(name, port) {
	const address = process.env.ANANCUS_E2E_POSTGRES;
	if (!address) return [];
	const database = new URL(address);
	database.pathname = `/e2e_${name}_${port}`;
	await run(process.env.ANANCUS_PSQL ?? 'psql', [address, '-q', '-c', `CREATE DATABASE ${database.pathname.slice(1)}`]);
	return ['--database', database.href];
}

/** Starts a server and resolves once it answers. Call stop() when done. */
export async function startServer(name) {
	const port = await freePort();
	const data = await mkdtemp(path.join(os.tmpdir(), `anancus-${name}-`));
	const domain = `localhost:${port}`;
	const args = ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--domain', domain];
	const where = await freshDatabase(name, port);
	args.push(...where);
	args.push('--federation-allow-addresses=127.0.0.0/8,::1/128', '--rate-limits=off');
	const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });

	let output = '';
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
	let exited = null;
	const exit = once(child, 'exit').then(
		([code, signal]) => (exited = { code, signal }),
		(error) => (exited = { code: error.message, signal: null }), // it could not be started
	);
	exit.then(() => (output += `\n[it ended with ${exited.code ?? exited.signal}]\n`));

	const server = {
		name,
		domain,
		url: `http://${domain}`,
		log: () => output,
		/** Runs a keeper's command while the server runs; returns what it printed. */
		async command(...words) {
			const { stdout } = await run(binary, [...words, '--data', data, ...where], { timeout: 20_000 });
			return stdout.trim();
		},
		/** The one-time code that lets the first person create the owner account. */
		setupCode: () => waitFor(`${name} to print a set-up code`, () => output.match(/\bcode\b[^\n]*?[\s=:"]([A-Za-z0-9-]{6,})"?\s*$/im)?.[1]),
		async stop() {
			if (!exited) child.kill('SIGTERM');
			await Promise.race([exit, sleep(10_000).then(() => child.kill('SIGKILL'))]);
			await rm(data, { recursive: true, force: true });
			return exited;
		},
	};

	try {
		await waitFor(`${name} to answer`, async () => {
			if (exited) throw new Error(`it stopped with ${exited.code ?? exited.signal}`);
			return (await fetch(`${server.url}/readyz`).catch(() => null))?.ok;
		});
	} catch (error) {
		await server.stop();
		throw new Error(`${error.message}\n${output}`);
	}
	return server;
}

/** Asks again and again until the answer is truthy, and returns it. */
export async function waitFor(what, ask, seconds = 20) {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		const answer = await ask();
		if (answer) return answer;
		if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
		await sleep(100);
	}
}
