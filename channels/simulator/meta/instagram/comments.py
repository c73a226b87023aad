"""Comments below posts and in live videos, mentions, and the numbers of stories."""

from __future__ import annotations

from channels.simulator.meta.instagram.delivery import First, tell_change
from channels.simulator.meta.instagram.inbound import account_of
from channels.simulator.meta.instagram.records import Account, Comment
from channels.simulator.meta.records import Json
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator

STORY_NUMBERS = ("impressions", "reach", "taps_forward", "taps_back", "exits", "replies")


def play_change(sim: Simulator, request: Json) -> tuple[str, First]:
    """`field` comments, live_comments, mentions or story_insights; `value` is laid over it."""
    account = account_of(sim, request)
    field = str(request.get("field", "comments"))
    post = str(request.get("media_id") or _post(sim, account))
    if field in ("comments", "live_comments"):
        comment = _comment(sim, account, request, field == "live_comments", post)
        return comment.comment_id, tell_change(
            sim, account, field, {**comment_value(sim, comment), **request.get("value", {})}
        )
    value: Json = {"media_id": post}
    if field == "story_insights":
        value |= dict.fromkeys(STORY_NUMBERS, 7)
    return post, tell_change(sim, account, field, {**value, **request.get("value", {})})


def _post(sim: Simulator, account: Account) -> str:
    posts = sim.state.instagram.posts.items()
    return next(post for post, owner in posts if owner == account.ig_id)


def _comment(sim: Simulator, account: Account, request: Json, is_live: bool, post: str) -> Comment:
    igsid = str(request.get("from", ""))
    if not igsid:
        raise BadPatch("'from' is needed: the id of the person")
    if igsid != account.ig_id:
        sim.state.instagram.person(igsid)
    return add_comment(
        sim, account, igsid, str(request.get("text", "price?")), post, request, is_live
    )


def add_comment(
    sim: Simulator,
    account: Account,
    igsid: str,
    text: str,
    post: str,
    more: Json,
    is_live: bool = False,
) -> Comment:
    """Keep a comment; `more` may hold `id` and `parent_id`."""
    comment = Comment(
        comment_id=str(more.get("id") or sim.state.new_id()),
        ig_id=account.ig_id,
        igsid=igsid,
        text=text,
        media_id=post,
        at=sim.state.now(),
        parent_id=str(more.get("parent_id", "")),
        is_live=is_live,
        is_ours=igsid == account.ig_id,
    )
    sim.state.instagram.comments[comment.comment_id] = comment
    sim.state.instagram.posts.setdefault(post, account.ig_id)
    return comment


def comment_value(sim: Simulator, comment: Comment) -> Json:
    """The `value` of a comment's webhook."""
    instagram = sim.state.instagram
    author = instagram.accounts.get(comment.igsid) or instagram.person(comment.igsid)
    kind = "LIVE" if comment.is_live else "FEED"
    value: Json = {
        "id": comment.comment_id,
        "from": {"id": comment.igsid, "username": author.username},
        "text": comment.text,
        "media": {"id": comment.media_id, "media_product_type": kind},
    }
    return value | ({"parent_id": comment.parent_id} if comment.parent_id else {})
