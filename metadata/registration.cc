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

Registration::Registration(common::Loop& loop, MetadataStore& store, BookieInfo info,
                           Elsewhere elsewhere)
    : loop_(loop), store_(store), info_(std::move(info)), elsewhere_(std::move(elsewhere)) {
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
  if (own_ == RegistrationPath(pass_)) return Verify();
  told_ ? LookBeforeCreate() : Create();
}

void Registration::LookBeforeCreate() {
  Find(RegistrationPath(OtherOf(pass_)), [this](std::optional<Version>) { Create(); });
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
                  if (created.error().code() == Errc::kNodeExists)
                    return Clear(path, &Registration::Create);
                  Failed();
                }));
}

void Registration::Verify() {
  const std::string path = RegistrationPath(pass_);
  node_watch_ = store_.Watch(path, lifetime_.WhileAlive([this] { Reconcile(); }));
  Find(path, [this, path](std::optional<Version> version) {
    if (version) return Clear(RegistrationPath(OtherOf(pass_)), &Registration::Settled);
    if (own_ == path) {
      own_.reset();
      registered_ = false;
    }
    Failed();
  });
}

void Registration::Clear(const std::string& path, void (Registration::*then)()) {
  Find(path, [this, path, then](std::optional<Version> version) {
    if (!version) return (this->*then)();
    store_.Delete(path, *version, lifetime_.WhileAlive([this, then](Result<void> removed) {
      if (removed || removed.error().code() == Errc::kNoNode) return (this->*then)();
      Failed();
    }));
  });
}

void Registration::Find(const std::string& path, Found found) {
  auto judge = [this, path, found = std::move(found)](Result<Versioned> read) mutable {
    if (!read && read.error().code() == Errc::kNoNode) return found(std::nullopt);
    if (!read) return Failed();
    const auto info = DecodeRegistration(read->value, pass_.writable);
    if (!info) return Withdraw(path, "an address that cannot be read");
    if (info->address != pass_.address) return Withdraw(path, info->address);
    found(read->version);
  };
  store_.Read(path, lifetime_.WhileAlive(std::move(judge)));
}

void Registration::Withdraw(const std::string& path, const std::string& address) {
  registered_ = false;
  if (own_ == path) own_.reset();  // somebody removed it and made another
  if (own_) {
    store_.Delete(*own_, Version{0}, lifetime_.WhileAlive([this, own = *own_](Result<void> gone) {
      if (own_ == own && (gone || gone.error().code() == Errc::kNoNode)) own_.reset();
      Failed();
    }));
  } else {
    Failed();
  }
  if (!std::exchange(told_, true) && elsewhere_) elsewhere_(address);
}

void Registration::Settled() {
  busy_ = false;
  backoff_.Reset();
  // False when the session was lost during the pass: then another follows.
  registered_ = own_ == RegistrationPath(pass_);
  if (again_ || !registered_) return Reconcile();
  told_ = false;
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
