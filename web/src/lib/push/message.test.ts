import { describe, expect, it } from 'vitest';
import { landing, read, show } from './message';

const told = {
	access_token: '', preferred_locale: 'en', notification_id: 12, notification_type: 'mention', icon: 'https://a.example/ada.png',
	title: 'Ada mentioned you', body: 'Hello!', page: '/@ada/7', group_key: 'ungrouped-12',
};

it('shows who did what, with their picture, and where it leads', () => {
	expect(show(read(JSON.stringify(told)))).toEqual({
		title: 'Ada mentioned you',
		options: { body: 'Hello!', icon: 'https://a.example/ada.png', tag: 'ungrouped-12', lang: 'en', dir: 'auto', data: { page: '/@ada/7' } },
	});
});

it('lets what is alike take one place', () => {
	const tag = (more: object) => show(read(JSON.stringify({ ...told, ...more }))).options.tag;
	expect(tag({ notification_id: 13, group_key: 'favourite-7-1' })).toBe(tag({ notification_id: 14, group_key: 'favourite-7-1' }));
	expect(tag({ group_key: undefined })).toBe('12');
});

describe('what cannot be read', () => {
	it.each(['', 'nonsense', 'null', '[]', '{}', '{"title":5}', '{"title":""}'])('is shown all the same: %s', (text) => {
		expect(show(read(text))).toEqual({ title: 'Anancus', options: { tag: 'unread', data: { page: '/notifications' } } });
	});
	it('leaves out what is of another kind', () => {
		const { options } = show(read(JSON.stringify({ title: 'x', body: 5, icon: 'javascript:alert(1)', page: null, notification_id: 'y' })));
		expect(options).toEqual({ body: '', tag: '0', lang: '', dir: 'auto', data: { page: '/notifications' } });
	});
});

it('leads nowhere but into the app', () => {
	const at = 'https://anancus.example';
	expect(landing({ page: '/@ada/7?x=1' }, at)).toBe('/@ada/7?x=1');
	for (const page of ['https://evil.example/', '//evil.example/', 'javascript:alert(1)', 'http://anancus.example/', '\\\\evil.example', 7, null]) expect(landing({ page }, at)).toBe('/notifications');
	expect(landing(undefined, at)).toBe('/notifications');
});
