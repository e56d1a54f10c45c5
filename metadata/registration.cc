#include "metadata/registration.h"

#include <utility>

#include "common/check.h"

namespace quire::metadata {

using common::Errc;
using common::Result;

namespace {

BookieInfo OtherOf(BookieInfo info) {
  info.writable = !info.writable;
  return info;
}

}  // namespace

Registration::Registration(common::Loop& loop, MetadataStore& store, BookieInfo info)
    : loop_(loop), store_(store), info_(std::move(info)) {
  QUIRE_CHECK(!info_.address.empty());
}

Registration::~Registration() {
  if (retry_ != 0) loop_.Cancel(retry_);
  // A new node has version 0, and nobody writes to it.
  if (own_) store_.Delete(*own_, Version{0}, [](Result<void>) {});
  if (!start_done_) return;
  loop_.Post([done = std::move(start_done_)]() mutable {
    done(common::Fail(Errc::kShutdown, "the registration was closed"));
  });
}

void Registration::Start(MetadataStore::Done done) {
  QUIRE_CHECK(!started_);
  started_ = true;
  start_done_ = std::move(done);
  session_watch_ =
      store_.OnSession(lifetime_.WhileAlive([this](SessionEvent event) { OnSession(event); }));
  Reconcile();
}

void Registration::SetWritable(bool writable) {
  if (info_.writable == writable) return;
  info_.writable = writable;
  if (started_) Reconcile();
}

void Registration::OnSession(SessionEvent event) {
  if (event != SessionEvent::kNewSession) return;
  own_.reset();
  registered_ = false;
  Reconcile();
}

void Registration::Reconcile() {
  if (busy_) {
    again_ = true;
    return;
  }
  busy_ = true;
  again_ = false;
  pass_ = info_;
  own_ == RegistrationPath(pass_) ? Verify() : Create();
}

void Registration::Create() {
  const std::string path = RegistrationPath(pass_);
  store_.Create(path, EncodeRegistration(pass_), NodeKind::kEphemeral,
                lifetime_.WhileAlive([this, path](Result<Version> created) {
                  if (created) {
                    // Should the session have been lost since, the event told us already, or will.
                    own_ = path;
                    ++created_;
                    return Verify();
                  }
                  if (created.error().code() == Errc::kNodeExists) return ReplaceLeftover();
                  Failed();
                }));
}

// The node is of an earlier session: of a process that died lately, of this one before it lost its
// session, or of a creation whose answer was lost. It would go when that session ends, and with it
// the bookie; so it is exchanged for one of this session.
void Registration::ReplaceLeftover() {
  const std::string path = RegistrationPath(pass_);
  store_.Read(path, lifetime_.WhileAlive([this, path](Result<Versioned> read) {
    if (!read && read.error().code() == Errc::kNoNode) return Create();
    if (!read) return Failed();
    store_.Delete(path, read->version, lifetime_.WhileAlive([this](Result<void> removed) {
      if (removed || removed.error().code() == Errc::kNoNode) return Create();
      Failed();
    }));
  }));
}

void Registration::Verify() {
  const std::string path = RegistrationPath(pass_);
  node_watch_ = store_.Watch(path, lifetime_.WhileAlive([this] { Reconcile(); }));
  store_.Read(path, lifetime_.WhileAlive([this, path](Result<Versioned> read) {
    if (read) return RemoveOther();
    if (read.error().code() == Errc::kNoNode && own_ == path) {
      own_.reset();
      registered_ = false;
    }
    Failed();
  }));
}

void Registration::RemoveOther() {
  const std::string path = RegistrationPath(OtherOf(pass_));
  store_.Read(path, lifetime_.WhileAlive([this, path](Result<Versioned> read) {
    if (!read && read.error().code() == Errc::kNoNode) return Settled();
    if (!read) return Failed();
    store_.Delete(path, read->version, lifetime_.WhileAlive([this](Result<void> removed) {
      if (removed || removed.error().code() == Errc::kNoNode) return Settled();
      Failed();
    }));
  }));
}

void Registration::Settled() {
  busy_ = false;
  backoff_.Reset();
  // False when the session was lost during the pass: then another follows.
  registered_ = own_ == RegistrationPath(pass_);
  if (again_ || !registered_) return Reconcile();
  if (!start_done_) return;
  auto done = std::exchange(start_done_, nullptr);
  done({});
}

// Whatever it was, the bookie is of no use unregistered: try again until the end.
void Registration::Failed() {
  retry_ = loop_.After(backoff_.Next(), lifetime_.WhileAlive([this] {
    retry_ = 0;
    busy_ = false;
    Reconcile();
  }));
}

}  // namespace quire::metadata
