// Two people on two servers talk: first-run page, sign-up, following, a post and who sees it, in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { openBrowser } from './lib/browser.mjs';
import { film } from './lib/films.mjs';
import { startPushService } from './lib/push.mjs';
import { startServer, waitFor } from './lib/servers.mjs';

const password = 'mammut-borsoni-93';
const words = 'A marsh at dusk, and nobody about.';

const live = 'A heron, this very moment.';
const shown = 'The marsh in daylight.';
const described = 'Flat water under a pale sky, and one straight path through it.';

let one, two, browser, ada, bo, thread;

before(async () => {
	[one, two, browser] = await Promise.all([startServer('one'), startServer('two'), openBrowser()]);
});

after(async () => {
	await browser?.close();
	const exits = await Promise.all([one, two].map((server) => server?.stop()));
	for (const [n, exit] of exits.entries()) assert.equal(exit?.code, 0, `server ${n + 1} stops in good order`);
});

/** Keeps a picture and both logs of what was there when a step failed. */
function step(name, run) {
	test(name, async () => {
		try {
			await run();
		} catch (error) {
			for (const person of [ada, bo]) if (person) await browser.keep(person, `failed-${person.name}`).catch(() => {});
			for (const server of [one, two]) console.error(`--- ${server.name}\n${server.log().slice(-4000)}`);
			throw error;
		}
	});
}

async function fill(page, values) {
	for (const [name, value] of Object.entries(values)) await page.locator(`[name="${name}"]`).fill(value);
}

/** Sends the form that holds the named field. */
async function send(page, name) {
	const form = page.locator('form', { has: page.locator(`[name="${name}"]`) });
	await Promise.all([page.waitForNavigation(), form.locator('button:not([type=button]), input[type=submit]').first().click()]);
}

/** A picture of a path through a marsh, 480 by 320. */
function marsh() {
	const [width, height] = [480, 320];
	const rows = Buffer.alloc((width * 3 + 1) * height);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const sky = y < 130;
			const path = !sky && Math.abs(x - 300) < (y - 130) * 0.22;
			const [r, g, b] = sky ? [205 - y / 4, 222 - y / 6, 230] : path ? [226, 208, 168] : [84 + y / 12, 128 - y / 8, 112];
			rows.set([r, g, b], y * (width * 3 + 1) + 1 + x * 3);
		}
	}
	const chunk = (type, body) => {
		const data = Buffer.concat([Buffer.from(type), body]);
		const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(body.length);
		sum.writeUInt32BE(zlib.crc32(data));
		return Buffer.concat([length, data, sum]);
	};
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([8, 2, 0, 0, 0], 8);
	return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

const home = (page) => page.waitForURL(/\/home$/);
const card = (page, text) => page.getByRole('article').filter({ hasText: text }).first();

step('the first person becomes the owner, with the code from the terminal', async () => {
	const owner = await browser.person('owner');
	const { page } = owner;
	await page.goto(`${one.url}/`);
	if (!/\/auth\/setup/.test(page.url())) await page.goto(`${one.url}/auth/setup`);
	await browser.shoot(owner, page.url(), '01-first-run');

	await fill(page, { code: 'wrong-code', username: 'keeper', email: 'keeper@example.test', password });
	await send(page, 'code');
	assert.match(page.url(), /\/auth\/setup/, 'a wrong code is refused');

	await fill(page, { code: await one.setupCode(), username: 'keeper', email: 'keeper@example.test', password });
	await send(page, 'code');
	await home(page);

	const again = await fetch(`${one.url}/auth/setup`, { redirect: 'manual' });
	assert.notEqual(again.status, 200, 'the first-run page is gone');
});

step('Ada signs up', async () => {
	assert.match(await one.command('settings', 'set', 'registrations', 'open'), /open/);
	ada = await browser.person('ada');
	const { page } = ada;
	await browser.shoot(ada, `${one.url}/`, '02-welcome', (page) => page.getByText('Nothing here yet').waitFor());
	await browser.shoot(ada, `${one.url}/auth/sign_up`, '03-sign-up');
	await page.goto(`${one.url}/auth/sign_up`);
	await fill(page, { username: 'ada', email: 'ada@example.test', password });
	await send(page, 'username');
	await home(page);
	await page.getByText('Your home is quiet').waitFor();
	await browser.keep(ada, '04-empty-home');
});

step('Bo signs in on the second server and follows Ada', async () => {
	await two.command('account', 'create', 'bo', '--email', 'bo@example.test', '--password', password, '--confirmed', '--approved', '--role', 'owner');
	bo = await browser.person('bo');
	const { page } = bo;
	await browser.shoot(bo, `${two.url}/auth/sign_in`, '05-sign-in');
	await page.goto(`${two.url}/auth/sign_in`);
	await fill(page, { login: 'bo', password });
	await send(page, 'password');
	await home(page);

	await page.goto(`${two.url}/search`);
	const box = page.getByPlaceholder(/search/i).first();
	await box.fill(`@ada@${one.domain}`);
	await box.press('Enter');
	const found = page.getByRole('link', { name: /ada/i }).filter({ hasText: 'ada' }).first();
	await found.waitFor();
	await browser.keep(bo, '06-search');
	await found.click();
	await page.getByRole('button', { name: 'Follow', exact: true }).first().click();
	await page.getByRole('button', { name: 'Following', exact: true }).first().waitFor();
	await waitFor("Ada's server to know the follow", async () => {
		const account = await (await fetch(`${one.url}/api/v1/accounts/lookup?acct=ada`)).json();
		return account.followers_count === 1;
	});
});

step('Ada posts, and Bo sees it at home', async () => {
	const { page } = ada;
	await page.goto(`${one.url}/home`);
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	if (!(await box.isVisible())) await page.getByRole('button', { name: 'New post' }).first().click();
	await box.fill(`${words} #dusk`);
	await browser.keep(ada, '07-composing');
	await page.getByRole('button', { name: 'Post', exact: true }).click();
	await card(page, words).waitFor();

	await waitFor("the post in Bo's home", async () => {
		await bo.page.goto(`${two.url}/home`);
		return card(bo.page, words).waitFor({ timeout: 1500 }).then(() => true, () => false);
	}, 30);
});

step('Bo answers and favourites; Ada is told, and reads the thread', async () => {
	const { page } = bo;
	await card(page, words).getByRole('button', { name: /^Favourite/ }).click();
	await card(page, words).getByRole('button', { name: /^Reply/ }).click();
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	await box.pressSequentially('But I am about!');
	await page.getByRole('button', { name: 'Post', exact: true }).click();
	await page.getByText('Posted').first().waitFor();

	await waitFor("Ada's notifications", async () => {
		await ada.page.goto(`${one.url}/notifications`);
		return ada.page.getByText('But I am about!').first().waitFor({ timeout: 1500 }).then(() => true, () => false);
	}, 30);
	for (const told of ['followed you', 'favourited your post']) await ada.page.getByText(told).first().waitFor();

	await ada.page.goto(`${one.url}/home`);
	const link = card(ada.page, words).locator('[data-open]');
	thread = new URL(await link.getAttribute('href'), one.url).href;
	await link.click();
	await ada.page.getByText('But I am about!').first().waitFor();
	await browser.keep(ada, '08-thread-in-the-deck');
});

step('what they see, large and small, light and dark', async () => {
	const text = (words) => (page) => page.getByText(words).first().waitFor();
	await browser.shoot(bo, `${two.url}/home`, '10-home', text(words));
	await browser.shoot(ada, `${one.url}/notifications`, '11-notifications', text('favourited your post'));
	await browser.shoot(ada, thread, '12-thread', text('But I am about!'));
	await browser.shoot(bo, `${two.url}/@ada@${one.domain}`, '13-remote-profile', text(words));
	await browser.shoot(ada, `${one.url}/@ada`, '14-own-profile', text(words));
	await browser.shoot(ada, `${one.url}/public/local`, '15-local', text(words));
	await browser.shoot(ada, `${one.url}/public`, '16-federated', text(words));
	await browser.shoot(bo, `${two.url}/search?q=ada`, '17-search', text('ada'));
});

step('what Ada posts reaches Bo while he looks, and leaves again', async () => {
	const opened = bo.page.waitForEvent('websocket');
	await bo.page.goto(`${two.url}/home`);
	const socket = await opened;
	const told = [];
	socket.on('framereceived', ({ payload }) => told.push(String(payload)));
	await card(bo.page, words).waitFor();
	await ada.page.goto(`${one.url}/home`);
	const box = ada.page.getByRole('textbox', { name: 'Text of your post' });
	if (!(await box.isVisible())) await ada.page.getByRole('button', { name: 'New post' }).first().click();
	await box.fill(live);
	await ada.page.getByRole('button', { name: 'Post', exact: true }).click();
	await card(ada.page, live).waitFor();
	const chip = bo.page.getByRole('button', { name: '1 new' }).first();
	await chip.waitFor();
	assert.equal(await card(bo.page, live).count(), 0, 'nothing moves while somebody reads');
	await browser.keep(bo, '25-something-new');
	await chip.click();
	await card(bo.page, live).waitFor();
	assert.ok(told.some((text) => text.includes('"event":"update"') && text.includes(live)), 'the stream told of it');
	await browser.keep(bo, '26-shown');
	await card(ada.page, live).getByRole('button', { name: 'More' }).click();
	await ada.page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
	await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await card(bo.page, live).waitFor({ state: 'detached' });
	assert.ok(told.some((text) => text.includes('"event":"delete"')), 'the stream told of its end');
});

step('Ada shows a picture, described, and everybody looks at it', async () => {
	const { page } = ada;
	await page.goto(`${one.url}/home`);
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	if (!(await box.isVisible())) await page.getByRole('button', { name: 'New post' }).first().click();
	await box.fill(shown);
	const files = page.locator('input[type=file]');
	await files.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
	await page.getByText('notes.txt is of a kind that this server does not take.').waitFor();
	await files.setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
	await page.getByRole('button', { name: 'Try again' }).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Post', exact: true }).isDisabled(), true, 'no post without its picture');
	await page.getByRole('button', { name: 'Remove broken.png' }).click();
	await files.setInputFiles({ name: 'marsh.png', mimeType: 'image/png', buffer: marsh() });
	await page.getByRole('button', { name: /^Add description/ }).click();
	const editor = page.getByRole('dialog', { name: 'Edit description' });
	await editor.getByRole('slider').press('ArrowUp');
	await editor.getByRole('textbox').fill(described);
	await browser.keep(ada, '30-describing');
	await editor.getByRole('button', { name: 'Save' }).click();
	await page.getByRole('button', { name: /^Edit description/ }).waitFor();
	await browser.keep(ada, '31-attached');
	await page.reload(); // a draft keeps its picture
	if (!(await box.isVisible())) await page.getByRole('button', { name: 'New post' }).first().click();
	await page.getByRole('button', { name: /^Edit description/ }).waitFor();
	await page.getByRole('button', { name: 'Post', exact: true }).click();

	const open = card(page, shown).getByRole('button', { name: `View media: ${described}` });
	await open.waitFor();
	await open.click();
	const viewer = page.getByRole('dialog', { name: 'Media viewer' });
	await viewer.getByText(described).waitFor();
	await page.keyboard.press('+');
	await page.keyboard.press('Escape');
	await viewer.waitFor({ state: 'detached' });
	assert.equal(await open.evaluate((button) => button === document.activeElement), true, 'the focus comes back');
	await open.click();
	await viewer.waitFor();
	await page.goBack();
	await viewer.waitFor({ state: 'detached' });
	assert.match(page.url(), /\/home$/, 'back only closes the viewer');

	const seen = (one) => one.getByRole('button', { name: `View media: ${described}` }).first();
	const picture = (one) => seen(one).locator('img').evaluate((img) => img.decode());
	await browser.shoot(ada, `${one.url}/home`, '32-picture-in-the-timeline', picture);
	await browser.shoot(ada, `${one.url}/home`, '33-description', async (one) => {
		await picture(one);
		await card(one, shown).getByRole('button', { name: 'ALT: Show description' }).click();
		await one.getByText(described).first().waitFor();
		const right = await one.evaluate(() => document.querySelector('[popover]:popover-open').getBoundingClientRect().right);
		assert.ok(right <= one.viewportSize().width, `the description ends at ${right}, where there is room for ${one.viewportSize().width}`);
	});
	await browser.shoot(ada, `${one.url}/home`, '34-viewer', async (one) => {
		await seen(one).click();
		await one.getByRole('dialog', { name: 'Media viewer' }).locator('img').evaluate((img) => img.decode());
	});
	await waitFor("the picture in Bo's home", async () => {
		await bo.page.goto(`${two.url}/home`);
		return seen(bo.page).waitFor({ timeout: 1500 }).then(() => true, () => false);
	}, 30);
	await picture(bo.page);
});

step('Ada shows a film, says otherwise what it shows, and writes the post again', async () => {
	const reel = await film('video');
	if (!reel) return;
	const { page } = ada;
	await page.goto(`${one.url}/home`);
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	if (!(await box.isVisible())) await page.getByRole('button', { name: 'New post' }).first().click();
	await box.fill('Bars that move');
	await page.locator('input[type=file]').setInputFiles({ name: reel.name, mimeType: 'video/mp4', buffer: reel.body });
	await page.locator('li[data-upload] video, li[data-upload] img').waitFor(); // its first picture, before the server has made one
	await page.getByRole('button', { name: /^Add description/ }).waitFor({ timeout: 120_000 }); // films are converted when nothing else wants the processors
	await page.getByRole('button', { name: 'Post', exact: true }).click();
	const player = (name) => card(page, 'Bars that move').locator(`video[aria-label="${name}"]`);
	await player('Video without description').waitFor();
	const played = await player('Video without description').evaluate(async (video) => {
		video.muted = true;
		await video.play();
		await new Promise((done) => video.addEventListener('timeupdate', () => video.currentTime > 0.2 && done()));
		video.pause();
		return video.duration;
	});
	assert.ok(Math.abs(played - 2) < 0.2, `it lasts ${played} s`);

	const menu = async (item) => {
		await card(page, 'Bars that move').getByRole('button', { name: 'More' }).click();
		await page.getByRole('menuitem', { name: item, exact: true }).click();
	};
	await menu('Edit');
	await page.getByRole('button', { name: /^Add description/ }).click();
	const editor = page.getByRole('dialog', { name: 'Edit description' });
	await editor.getByRole('textbox').fill('Bars in all colours');
	await editor.getByRole('button', { name: 'Save' }).click();
	await browser.keep(ada, '34b-editing-a-film');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await player('Bars in all colours').waitFor();

	await menu('Delete and write again');
	await page.getByRole('dialog').getByRole('button', { name: 'Delete and write again' }).click();
	await page.getByText('Bars in all colours').waitFor(); // in the composer
	assert.equal(await box.inputValue(), 'Bars that move');
	await page.getByRole('button', { name: 'Post', exact: true }).click();
	await player('Bars in all colours').waitFor();
});

step('Ada asks, Bo votes, and an edit of the words loses no vote', async () => {
	const { page } = ada;
	const question = 'Which way round the marsh?';
	await page.goto(`${one.url}/home`);
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	if (!(await box.isVisible())) await page.getByRole('button', { name: 'New post' }).first().click();
	await box.fill(question);
	const post = page.getByRole('button', { name: 'Post', exact: true });
	await page.getByRole('button', { name: 'Poll', exact: true }).click();
	const answer = (n) => page.getByRole('textbox', { name: `Answer ${n}` });
	await answer(1).waitFor();
	assert.equal(await post.isDisabled(), true, 'no poll without answers');
	assert.equal(await page.getByRole('button', { name: 'Add pictures, video or sound' }).isDisabled(), true, 'no files beside a poll');
	await answer(1).fill('By the dyke');
	await answer(1).press('Enter');
	await answer(2).fill('By the dyke');
	await page.getByText('This answer is there already').waitFor();
	assert.equal(await post.isDisabled(), true, 'no answer twice');
	await answer(2).fill('Through the reeds');
	await answer(2).press('Enter'); // adds another
	await answer(3).fill('x'.repeat(51));
	await page.getByText('At most 50 characters').waitFor();
	await browser.keep(ada, '34c-a-poll-with-a-long-answer');
	await page.getByRole('button', { name: 'Remove answer 3' }).click();
	await page.getByLabel('How long people may vote').selectOption({ label: '3 days' });

	await page.reload(); // what was written is still there
	if (!(await box.isVisible())) await page.getByRole('button', { name: 'New post' }).first().click();
	await answer(2).waitFor();
	assert.deepEqual([await box.inputValue(), await answer(1).inputValue(), await answer(2).inputValue()], [question, 'By the dyke', 'Through the reeds']);
	await browser.keep(ada, '34d-asking');
	await post.click();
	const asked = (person) => card(person.page, question);
	await asked(ada).getByText('3 days left').waitFor();

	await waitFor("the question in Bo's home", async () => {
		await bo.page.goto(`${two.url}/home`);
		return asked(bo).waitFor({ timeout: 1500 }).then(() => true, () => false);
	}, 30);
	await asked(bo).getByLabel('Through the reeds').check();
	await asked(bo).getByRole('button', { name: 'Vote', exact: true }).click();
	await asked(bo).getByText('100%').waitFor();
	await waitFor("Bo's vote at Ada's", async () => {
		await page.goto(`${one.url}/home`);
		return asked(ada).getByText('1 vote').waitFor({ timeout: 1500 }).then(() => true, () => false);
	}, 30);

	const again = `${question} Said twice.`;
	await asked(ada).getByRole('button', { name: 'More' }).click();
	await page.getByRole('menuitem', { name: 'Edit', exact: true }).click();
	await answer(2).waitFor();
	await box.fill(again);
	await answer(2).fill('Through the tall reeds');
	await page.getByText('1 vote so far will be lost').waitFor();
	await browser.keep(ada, '34e-changing-a-poll');
	await answer(2).fill('Through the reeds');
	await page.getByText('1 vote so far will be lost').waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await card(page, again).getByText('1 vote').waitFor();

	await card(page, again).getByRole('button', { name: 'More' }).click();
	await page.getByRole('menuitem', { name: 'Delete and write again', exact: true }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete and write again' }).click();
	await answer(2).waitFor();
	assert.deepEqual([await box.inputValue(), await answer(1).inputValue(), await answer(2).inputValue()], [again, 'By the dyke', 'Through the reeds']);
	await page.getByRole('button', { name: 'Poll', exact: true }).click(); // takes it away
	await answer(2).waitFor({ state: 'detached' });
	await post.click();
	await card(page, again).getByText('0 votes').waitFor({ state: 'detached' });
});

step('Ada chooses a face and a header', async () => {
	const { page } = ada;
	await page.goto(`${one.url}/@ada`);
	await page.getByRole('button', { name: 'Edit profile' }).click();
	const dialog = page.getByRole('dialog', { name: 'Edit profile' });
	const file = { name: 'marsh.png', mimeType: 'image/png', buffer: marsh() };
	await dialog.getByLabel('Choose a profile picture').setInputFiles(file);
	await dialog.getByLabel('Choose a header picture').setInputFiles(file);
	await dialog.getByLabel('Description of the profile picture').fill(described);
	await dialog.getByLabel('Display name').fill('Ada of the Marsh');
	await browser.keep(ada, '35-editing-the-profile');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await dialog.waitFor({ state: 'detached' });
	await page.getByRole('heading', { name: 'Ada of the Marsh' }).first().waitFor();
	await browser.shoot(ada, `${one.url}/@ada`, '36-profile-with-pictures', (one) => one.getByRole('button', { name: described }).first().waitFor());
});

step('a filter that Bo makes elsewhere shows at once', async () => {
	const { page } = bo;
	await page.goto(`${two.url}/home`);
	await card(page, words).waitFor();
	// The page itself does not know: it hears of it by its stream.
	const ask = (method, path, data) => page.evaluate(async ([method, path, body]) => {
		const answer = await fetch(path, { method, body, headers: { 'Content-Type': 'application/json' } });
		return answer.json();
	}, [method, path, JSON.stringify(data)]);
	const { id } = await ask('POST', '/api/v2/filters', { title: 'wet places', context: ['home'], filter_action: 'warn', keywords_attributes: [{ keyword: 'dusk', whole_word: true }] });
	await page.getByText('Filtered: wet places').first().waitFor();
	await ask('DELETE', `/api/v2/filters/${id}`);
	await page.getByText('Filtered: wet places').first().waitFor({ state: 'detached' });
	await card(page, words).waitFor();
});

step('Ada is told by push while she reads elsewhere, and follows it', async () => {
	const { page, context } = ada;
	const script = await fetch(`${one.url}/sw.js`);
	assert.deepEqual(['cache-control', 'service-worker-allowed', 'content-security-policy'].map((name) => script.headers.get(name)),
		['no-cache', '/', "default-src 'none'; connect-src 'self'"]);
	const service = await startPushService();
	await context.grantPermissions(['notifications'], { origin: one.url });
	// A browser in a test has no push service: it is given ours. The worker, the server and what lies between are real.
	await page.addInitScript(({ endpoint, keys }) => {
		let here = null;
		const ours = { endpoint, toJSON: () => ({ endpoint, keys }), unsubscribe: async () => ((here = null), true) };
		PushManager.prototype.subscribe = async () => (here = ours);
		PushManager.prototype.getSubscription = async () => here;
	}, service.subscription);
	await browser.shoot(ada, `${one.url}/settings/notifications`, '40-push-settings', (one) => one.getByRole('heading', { name: 'Push notifications' }).waitFor());
	await page.goto(`${one.url}/settings/notifications`);
	const on = page.getByRole('switch', { name: 'Notify me on this device' });
	await on.click();
	await page.getByRole('switch', { checked: true }).waitFor();
	await page.getByRole('checkbox', { name: 'Favourites' }).check();
	await page.getByRole('radio', { name: 'People who follow me' }).check();
	await browser.keep(ada, '41-push-on');

	await bo.page.goto(`${two.url}/home`);
	await card(bo.page, words).getByRole('button', { name: /^Reply/ }).click();
	await bo.page.getByRole('textbox', { name: 'Text of your post' }).pressSequentially('Look at the heron!');
	await bo.page.getByRole('button', { name: 'Post', exact: true }).click();
	await waitFor('the push to arrive', () => service.read().length > 0, 30);
	const [message] = service.read();
	const { title, body, access_token, page: to } = JSON.parse(message);
	assert.equal(title, 'bo mentioned you');
	assert.match(body, /Look at the heron!/);
	assert.equal(access_token, '', 'nobody is given the token of a session');

	const devtools = await context.newCDPSession(page);
	const registered = new Promise((resolve) => devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && resolve(registrations[0].registrationId)));
	await devtools.send('ServiceWorker.enable');
	await devtools.send('ServiceWorker.deliverPushMessage', { origin: one.url, registrationId: await registered, data: message });
	const shown = await waitFor('the notification', () => page.evaluate(async () => {
		const registration = await navigator.serviceWorker.ready;
		const [found] = await registration.getNotifications();
		return found && { title: found.title, body: found.body, icon: found.icon, data: found.data };
	}));
	assert.deepEqual([shown.title, shown.body, shown.data.page], [title, body, to]);
	assert.ok((await fetch(shown.icon)).ok, 'it shows a face');

	const [worker] = context.serviceWorkers();
	await worker.evaluate(async () => {
		const [notification] = await registration.getNotifications();
		dispatchEvent(new NotificationEvent('notificationclick', { notification }));
	});
	await page.waitForURL(new URL(to, one.url).href);
	await page.getByText('Look at the heron!').first().waitFor();
	service.stop();
});

step('anybody reads the public pages, even without script', async () => {
	const guest = await browser.person('guest', { javaScriptEnabled: false });
	await guest.page.goto(`${one.url}/@ada`);
	await guest.page.getByText(words).first().waitFor();
	await browser.keep(guest, '20-profile-without-script');
	await guest.page.locator(`a[href$="${new URL(thread).pathname}"]`).first().click();
	await guest.page.waitForURL(thread);
	await guest.page.getByText(words).first().waitFor();
	await browser.keep(guest, '21-status-without-script');
	assert.equal(await guest.page.locator('link[rel=alternate][type="application/activity+json"]').count(), 1);
});

step('Ada deletes her post, and it goes from Bo too', async () => {
	const { page } = ada;
	await page.goto(`${one.url}/@ada`);
	await card(page, words).getByRole('button', { name: 'More' }).click();
	await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await waitFor("the post to leave Bo's home", async () => {
		await bo.page.goto(`${two.url}/home`);
		await bo.page.getByRole('main').waitFor();
		await bo.page.waitForLoadState('networkidle');
		return (await card(bo.page, words).count()) === 0;
	}, 30);
});

step('Bo signs out', async () => {
	await bo.page.goto(`${two.url}/menu`);
	await bo.page.getByRole('button', { name: 'Sign out' }).or(bo.page.getByRole('menuitem', { name: 'Sign out' })).first().click();
	await waitFor('the session to end', async () => !(await bo.page.request.get(`${two.url}/api/v1/accounts/verify_credentials`)).ok());
});

test('no page complained', () => {
	const unexpected = browser.complaints.filter((one) => !expected.some((pattern) => pattern.test(one)));
	assert.deepEqual([...new Set(unexpected.map((one) => one.replace(/^.*?(?=Failed to load)|localhost:\d+|\?.*$/g, '')))], []);
});

/** Refusals that belong to the journey, which browsers report as errors. */
const expected = [
	/status of 401 .*\/verify_credentials$/, // a visitor asks who they are
	/status of 422 .*\/auth\/setup$/, // the wrong code
	/status of 422 .*\/api\/v2\/media$/, // what is no picture
];
