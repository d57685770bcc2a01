// Debian's toot, a client for the console, against the real binary: signing in, post, thread, timelines, search.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startServer, waitFor } from './lib/servers.mjs';
import { Visitor } from './lib/visitor.mjs';

const run = promisify(execFile);
const password = 'mammut-borsoni-93';

let server;
const homes = [];

before(async () => {
	server = await startServer('one');
	for (const name of ['ada', 'bo']) {
		await server.command('account', 'create', name, '--email', `${name}@example.test`, '--password', password, '--confirmed', '--approved');
	}
});

after(async () => {
	for (const home of homes) await rm(home, { recursive: true, force: true });
	const exit = await server?.stop();
	assert.equal(exit?.code, 0, `the server stops in good order\n${server?.log()}`);
});

/** Somebody's terminal, with settings of its own. */
class Terminal {
	#env;

	static async open() {
		const home = await mkdtemp(path.join(os.tmpdir(), 'toot-'));
		homes.push(home);
		const terminal = new Terminal();
		terminal.#env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, LC_ALL: 'C.UTF-8', PYTHONUNBUFFERED: '1', BROWSER: 'true' };
		return terminal;
	}

	/** Runs toot and gives what it prints. It asks nothing: there is nobody to answer. */
	async toot(command, ...words) {
		const running = run('toot', [command, '--no-color', ...words], { env: this.#env, timeout: 30_000 });
		running.child.stdin.end();
		return (await running).stdout;
	}

	/** Signs in as toot recommends: a page in a browser, and the code it shows carried over by hand. */
	async signIn(name) {
		const child = spawn('toot', ['login', '--no-color', '--disable-https', '--instance', server.domain], { env: this.#env, stdio: 'pipe' });
		let said = '';
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
		const exit = once(child, 'exit');
		try {
			const address = await waitFor('toot to say where to sign in', () => said.match(/^http:\S+\/oauth\/authorize\S+(?=\n)/m)?.[0]);
			child.stdin.write('n\n'); // it need not open the browser
			const door = await new Visitor().open(address);
			const consent = await door.send(door.form('login', 'password'), { login: `${name}@example.test`, password });
			assert.match(consent.text, /toot/, 'the page names the app');
			const yes = consent.forms.find((form) => form.buttons.some((button) => button.value === 'allow'));
			const shown = await consent.send(yes, {}, yes.buttons.find((button) => button.value === 'allow'));
			const code = /<(?:code|pre|output|kbd)[^>]*>([^<]+)</i.exec(shown.html)?.[1].trim();
			assert.ok(code, `no code on the page: ${shown.text}`);
			child.stdin.end(`${code}\n`);
			const [status] = await exit;
			assert.equal(status, 0, said);
		} finally {
			child.kill();
		}
		return said;
	}
}

/** The number of the status that toot says it posted. */
const posted = (text) => /\/(\d+)\s*$/.exec(text.trim())?.[1] ?? assert.fail(`nothing was posted: ${text}`);

let ada, bo, first;

test('signing in by the code that a page shows', async () => {
	[ada, bo] = [await Terminal.open(), await Terminal.open()];
	assert.match(await ada.signIn('ada'), /Successfully logged in/);
	await bo.signIn('bo');
	assert.match(await ada.toot('whoami'), /@ada\b/);
	assert.match(await ada.toot('auth'), new RegExp(`ada@${server.domain}.*ACTIVE`));
	assert.match(await ada.toot('instance', '--disable-https', server.domain), new RegExp(server.domain));
});

test('a post', async () => {
	first = posted(await ada.toot('post', 'Tusks are teeth. #proboscidea @bo', '--language', 'en', '--visibility', 'public'));
	assert.match(await bo.toot('notifications'), /ada[\s\S]*Tusks are teeth/);
});

test('a thread', async () => {
	const answer = posted(await bo.toot('post', 'All of them? @ada', '--reply-to', first));
	const thread = await ada.toot('thread', answer);
	assert.ok(thread.indexOf('Tusks are teeth') < thread.indexOf('All of them?') && thread.includes('Tusks are teeth'), thread);
	assert.equal(await bo.toot('thread', first), thread, 'from its other end it is the same');
});

test('timelines', async () => {
	assert.doesNotMatch(await bo.toot('timeline', '--once'), /Tusks/);
	assert.match(await bo.toot('follow', 'ada'), /now following/);
	posted(await ada.toot('post', 'Ivory is dentine.'));
	await waitFor('the post to be in the home timeline', async () => /Ivory is dentine/.test(await bo.toot('timeline', '--once')));
	for (const [words, found] of [[['--public', '--local'], 'Ivory is dentine'], [['--tag', 'proboscidea'], 'Tusks are teeth'], [['--count', '1'], 'Ivory']]) {
		assert.match(await bo.toot('timeline', '--once', ...words), new RegExp(found), words.join(' '));
	}
	await bo.toot('favourite', first);
	await bo.toot('bookmark', first);
	assert.match(await bo.toot('bookmarks', '--once'), /Tusks are teeth/);
});

test('search', async () => {
	const found = await bo.toot('search', 'probosc');
	assert.match(found, /#proboscidea/);
	assert.match(await bo.toot('search', 'ada'), /@ada/);
	assert.match(await bo.toot('whois', 'ada'), /@ada/);
	assert.match(await bo.toot('followers', 'ada'), /@bo/);
});

test('what is not there is told', async () => {
	await assert.rejects(ada.toot('thread', '1'), /Record not found/);
	await assert.rejects(ada.toot('post', 'x'.repeat(501)), /character limit/);
	await ada.toot('delete', first);
	await assert.rejects(bo.toot('thread', first), /Record not found/);
});
